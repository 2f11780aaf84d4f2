// The page: one question, its gallery, its facets, one file's details.

import { ask, change, question, recall, remember } from './ask.js';
import { Detail } from './detail.js';
import { byId, element, quoted } from './element.js';
import { Facets } from './facets.js';
import { Gallery } from './gallery.js';
import { QueryBox } from './query.js';

class Page {
  async start() {
    const database = await ask('database');
    this.edit = database.edit;
    this.database = database;
    document.title = `${database.name} – Filedex`;
    byId('name').textContent = database.name;
    byId('sorts').replaceChildren(...database.sorts.map((value) => element('option', { value })));
    byId('version').replaceChildren(...database.datasets.flatMap((dataset) => dataset.versions.map((version) => element('option', {
      value: JSON.stringify([dataset.id, version.id]), selected: version.current && dataset === database.datasets[0],
    }, `${dataset.name} / ${version.name}${version.frozen ? ' (frozen)' : ''}`))));
    this.detail = new Detail(this);
    this.gallery = new Gallery({
      hover: (item, event) => this.hover(item, event), leave: () => { byId('hover').hidden = true; },
      selection: () => this.tell(), here: (item) => { if (!this.detail.pane.hidden) this.detail.open(item.id); },
      enter: (item) => this.detail.open(item.id),
    });
    this.facets = new Facets((clause) => this.narrow(clause));
    this.box = new QueryBox(() => this.submit());
    for (const id of ['sort', 'order', 'status', 'version']) byId(id).addEventListener('change', () => this.submit());
    addEventListener('popstate', () => this.recall());
    addEventListener('keydown', (event) => this.key(event));
    this.recall();
  }

  recall() {
    recall();
    this.box.box.value = question.q;
    byId('sort').value = question.sort;
    byId('order').value = question.order;
    byId('status').value = question.status;
    if (question.dataset !== '') byId('version').value = JSON.stringify([question.dataset, question.version]);
    this.submit(false);
  }

  submit(push = true) {
    question.q = this.box.box.value;
    question.sort = byId('sort').value.trim();
    question.order = byId('order').value;
    question.status = byId('status').value;
    if (byId('version').value !== '') [question.dataset, question.version] = JSON.parse(byId('version').value);
    remember(push);
    return this.show();
  }

  async show() {
    byId('told').textContent = 'searching …';
    byId('hover').hidden = true;
    this.detail.close();
    try {
      const first = await this.gallery.open();
      this.ranked = first.ranked;
      this.box.fine();
      this.tell();
      await this.facets.show();
    } catch (error) {
      if (error.name === 'AbortError') return;
      byId('told').textContent = '';
      this.gallery.reset();
      this.facets.clear();
      this.box.refused(error);
    }
  }

  tell(more = '') {
    const how = this.ranked ? `, by meaning (${this.ranked})` : '';
    byId('told').textContent = this.gallery.told() + how + more;
  }

  narrow(clause) {
    const { box } = this.box;
    const before = box.value.trim();
    const several = / OR /i.test(before);
    box.value = before === '' ? clause : `${several ? `(${before})` : before} AND ${clause}`;
    this.submit();
  }

  similar(id) {
    this.box.box.value = `SimilarTo = ${quoted(id)}`;
    byId('sort').value = '';
    this.submit();
  }

  // What a hit is, by the mouse.
  async hover(item, event) {
    const place = byId('hover');
    const score = item.score === null || item.score === undefined ? '' : `score ${item.score.toFixed(4)}\n`;
    place.textContent = `${item.file_name}\n${score}${item.comment ?? ''}`;
    place.style.left = `${Math.min(event.clientX + 14, innerWidth - 280)}px`;
    place.style.top = `${Math.min(event.clientY + 14, innerHeight - 120)}px`;
    place.hidden = false;
    if (score === '') return;
    this.hovered = item.id;
    const why = await ask('why', { id: item.id }).catch(() => undefined);
    if (why && this.hovered === item.id && !place.hidden) place.textContent = `${item.file_name}\n${why.text}`;
  }

  // Waits for a change, then shows the answer as it is now.
  async edited(changing) {
    try {
      const { changed, failed } = await changing;
      const bad = failed.length > 0 ? `; ${failed.length} not: ${failed[0].message}` : '';
      this.gallery.refresh();
      this.tell(`; ${changed} changed${bad}`);
      await this.facets.show();
    } catch (error) {
      this.box.refused(error);
    }
  }

  async tagChosen() {
    const ids = await this.gallery.chosen();
    if (ids.length === 0) return;
    const typed = prompt(`Tags for ${ids.length} ${ids.length === 1 ? 'file' : 'files'}, with commas between; - before one takes it away`);
    if (!typed) return;
    const tags = typed.split(',').map((tag) => tag.trim()).filter(Boolean);
    const add = tags.filter((tag) => !tag.startsWith('-'));
    const remove = tags.filter((tag) => tag.startsWith('-')).map((tag) => tag.slice(1).trim());
    await this.edited(change({ ids, add_tags: add, remove_tags: remove }));
  }

  async starChosen() {
    const ids = await this.gallery.chosen();
    if (ids.length === 0) return;
    const { record } = await ask('record', { id: ids[0] });
    await this.edited(change({ ids, starred: !record.starred }));
  }

  key(event) {
    if (event.target.matches('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const here = () => this.gallery.item(this.gallery.here);
    const does = {
      '/': () => byId('expression').focus(),
      '?': () => byId('keys').showModal(),
      Escape: () => this.detail.close(),
      s: async () => { if (this.gallery.here >= 0) this.similar((await here()).id); },
      t: () => { if (this.edit) this.tagChosen(); },
      '*': () => { if (this.edit) this.starChosen(); },
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }
}

new Page().start().catch((error) => {
  byId('error').textContent = error.message;
  byId('error').hidden = false;
});
