// The query box: completion as it is typed, and the place of a mistake.

import { ask } from './ask.js';
import { byId, counted, element } from './element.js';

export class QueryBox {
  constructor(submit) {
    this.box = byId('expression');
    this.list = byId('completions');
    this.error = byId('error');
    this.at = -1;
    byId('query').addEventListener('submit', (event) => { event.preventDefault(); this.close(); submit(); });
    this.box.addEventListener('input', () => this.complete());
    this.box.addEventListener('keydown', (event) => this.key(event));
    this.box.addEventListener('blur', () => this.close());
  }

  async complete() {
    this.asked?.abort();
    this.asked = new AbortController();
    const before = this.box.value.slice(0, this.box.selectionStart);
    try {
      const found = await ask('completions', { q: '', before }, this.asked.signal);
      this.show(found);
    } catch { /* The next key asks again. */ }
  }

  show(found) {
    this.found = found;
    this.at = -1;
    this.list.replaceChildren(...found.map((one, at) => element('li', {
      role: 'option', id: `completion-${at}`, 'aria-selected': 'false',
      onmousedown: (event) => { event.preventDefault(); this.take(at); },
    }, element('span', {}, one.text), one.count === undefined ? '' : element('span', { class: 'count' }, counted(one.count)))));
    const open = found.length > 0 && document.activeElement === this.box;
    this.list.hidden = !open;
    this.box.setAttribute('aria-expanded', String(open));
  }

  close() {
    this.asked?.abort();
    this.list.hidden = true;
    this.box.setAttribute('aria-expanded', 'false');
    this.box.removeAttribute('aria-activedescendant');
  }

  key(event) {
    if (this.list.hidden) {
      if (event.key === ' ' && event.ctrlKey) { this.complete(); event.preventDefault(); }
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.point((this.at + step + this.found.length) % this.found.length);
    else if (event.key === 'Tab' || (event.key === 'Enter' && this.at >= 0)) this.take(Math.max(0, this.at));
    else if (event.key === 'Escape') this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  point(at) {
    this.list.children[this.at]?.setAttribute('aria-selected', 'false');
    this.at = at;
    const one = this.list.children[at];
    one.setAttribute('aria-selected', 'true');
    one.scrollIntoView({ block: 'nearest' });
    this.box.setAttribute('aria-activedescendant', one.id);
  }

  take(at) {
    const { insert, replaces } = this.found[at];
    const caret = this.box.selectionStart;
    this.box.setRangeText(insert, caret - replaces, caret, 'end');
    this.close();
    this.box.focus();
  }

  // Shows what is wrong, with the caret at the place.
  refused(error) {
    this.error.textContent = error.message;
    this.error.hidden = false;
    this.box.setAttribute('aria-invalid', 'true');
    if (error.place && document.activeElement === this.box) this.box.setSelectionRange(...error.place);
  }

  fine() {
    this.error.hidden = true;
    this.box.removeAttribute('aria-invalid');
  }
}
