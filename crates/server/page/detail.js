// All that is known of one file, and what can be changed of it.

import { address, ask, change } from './ask.js';
import { byId, element, sized } from './element.js';

export class Detail {
  constructor(page) {
    this.page = page;
    this.pane = byId('detail');
  }

  close() {
    this.pane.hidden = true;
    this.id = undefined;
  }

  async open(id) {
    this.id = id;
    const answer = await ask('record', { id });
    if (this.id !== id) return;
    this.draw(answer);
    this.pane.hidden = false;
  }

  draw({ record, served, vectors }) {
    const has = vectors.some((vector) => vector.has);
    const buttons = element('div', { class: 'row' },
      has ? element('button', { type: 'button', onclick: () => this.page.similar(record.id) }, 'Similar files') : null,
      element('button', { type: 'button', onclick: () => this.why(record.id) }, 'Why is it here?'),
      element('button', { type: 'button', onclick: () => this.close() }, 'Close'));
    this.reason = element('pre', { hidden: true });
    this.pane.replaceChildren(
      element('h2', {}, (record.starred ? '★ ' : '') + record.file_name),
      served ? this.preview(record) : '', buttons, this.reason, this.tags(record), this.words(record), this.table(record));
  }

  preview(record) {
    const src = address('original', { id: record.id });
    if (record.file_type === 'image') return element('a', { href: src, target: '_blank' }, element('img', { src, alt: record.comment ?? record.file_name }));
    if (record.file_type === 'video') return element('video', { src, controls: true });
    if (record.file_type === 'audio') return element('audio', { src, controls: true });
    return element('p', {}, element('a', { href: src, target: '_blank' }, 'open the file'));
  }

  async why(id) {
    const { text } = await ask('why', { id });
    this.reason.textContent = text;
    this.reason.hidden = false;
  }

  tags(record) {
    const { ai, user, user_delete_ai: takenBack } = record.tags;
    const all = [...new Set([...ai, ...user])].filter((tag) => !takenBack.includes(tag) || user.includes(tag));
    const list = element('ul', { class: 'tags', 'aria-label': 'Tags' }, ...all.map((tag) => element('li', {}, tag,
      this.page.edit ? element('button', { type: 'button', 'aria-label': `remove ${tag}`, onclick: () => this.edit(record.id, { remove_tags: [tag] }) }, '×') : null)));
    if (!this.page.edit) return element('section', {}, element('h2', {}, 'Tags'), list);
    const box = element('input', { placeholder: 'add a tag', 'aria-label': 'add a tag' });
    const form = element('form', { onsubmit: (event) => {
      event.preventDefault();
      const tags = box.value.split(',').map((tag) => tag.trim()).filter(Boolean);
      if (tags.length > 0) this.edit(record.id, { add_tags: tags });
    } }, box);
    return element('section', {}, element('h2', {}, 'Tags'), list, form);
  }

  words(record) {
    const labels = record.labels ?? [];
    if (!this.page.edit) {
      return element('section', {}, labels.length > 0 ? element('p', {}, `Labels: ${labels.join(', ')}`) : '',
        record.comment ? element('p', {}, record.comment) : '');
    }
    const comment = element('textarea', { rows: 3, cols: 38, 'aria-label': 'Comment' });
    comment.value = record.comment ?? '';
    const box = element('input', { value: labels.join(', '), 'aria-label': 'Labels, with commas between' });
    const save = () => this.edit(record.id, {
      comment: comment.value, labels: box.value.split(',').map((label) => label.trim()).filter(Boolean),
    });
    return element('form', { onsubmit: (event) => { event.preventDefault(); save(); } },
      element('h2', {}, 'Comment'), comment, element('h2', {}, 'Labels'), box,
      element('div', { class: 'row' }, element('button', { type: 'submit' }, 'Save'),
        element('button', { type: 'button', onclick: () => this.edit(record.id, { starred: !record.starred }) }, record.starred ? 'Unstar' : 'Star')));
  }

  async edit(id, what) {
    await this.page.edited(change({ ids: [id], ...what }));
    await this.open(id);
  }

  table(record) {
    const rows = [];
    const put = (name, value) => {
      if (value === null || value === undefined || value === '') return;
      if (Array.isArray(value) || typeof value === 'object') {
        for (const [key, inner] of Object.entries(value)) put(`${name}.${key}`, inner);
      } else rows.push(element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, String(value))));
    };
    for (const [name, value] of Object.entries(record)) {
      if (['tags', 'comment', 'labels'].includes(name)) continue;
      put(name, name === 'data_size' ? `${sized(value)} (${value} B)` : value);
    }
    return element('section', {}, element('h2', {}, 'Metadata'), element('table', {}, element('tbody', {}, ...rows)));
  }
}
