// The files as a grid of which only what is in view exists: stretches of the answer are asked for as
// they scroll in, and kept while they are near.

import { address, ask } from './ask.js';
import { byId, counted, element } from './element.js';

const CELL = 176;
const STRETCH = 200;
const KEPT_STRETCHES = 30;
// Browsers draw nothing beyond some tens of millions of pixels; taller answers scroll in scale.
const TALLEST = 8_000_000;

export class Gallery {
  constructor(on) {
    this.on = on;
    this.frame = byId('gallery');
    this.canvas = byId('canvas');
    this.selected = new Set();
    this.reset();
    this.frame.addEventListener('scroll', () => this.draw(), { passive: true });
    this.frame.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.lay()).observe(this.frame);
  }

  reset() {
    this.abort?.abort();
    this.abort = new AbortController();
    this.total = 0;
    this.stretches = new Map();
    this.shown = new Map();
    this.here = -1;
    this.anchor = -1;
    this.selected.clear();
    this.canvas.replaceChildren();
  }

  // Asks the question anew; answers what the first stretch said.
  async open() {
    this.reset();
    const first = await this.stretch(0);
    this.total = first.total;
    this.frame.scrollTop = 0;
    this.lay();
    return first;
  }

  stretch(number) {
    const known = this.stretches.get(number);
    if (known) return known;
    const { signal } = this.abort;
    const asked = ask('items', { from: number * STRETCH, count: STRETCH }, signal);
    this.stretches.set(number, asked);
    asked.catch(() => this.stretches.delete(number));
    if (this.stretches.size > KEPT_STRETCHES) this.stretches.delete(this.stretches.keys().next().value);
    return asked;
  }

  async item(place) {
    const answer = await this.stretch(Math.floor(place / STRETCH));
    return answer.items[place % STRETCH];
  }

  lay() {
    this.columns = Math.max(1, Math.floor(this.frame.clientWidth / CELL));
    this.rows = Math.ceil(this.total / this.columns);
    const height = this.rows * CELL;
    this.scale = Math.max(1, height / TALLEST);
    this.canvas.style.height = `${Math.min(height, TALLEST)}px`;
    this.canvas.replaceChildren();
    this.shown.clear();
    this.draw();
  }

  // Where the top of the view is, in pixels of the whole grid.
  top() {
    const { scrollTop, clientHeight } = this.frame;
    if (this.scale === 1) return scrollTop;
    const most = Math.min(this.rows * CELL, TALLEST) - clientHeight;
    return (scrollTop / most) * (this.rows * CELL - clientHeight);
  }

  draw() {
    const top = this.top();
    const first = Math.max(0, Math.floor(top / CELL) - 2) * this.columns;
    const rows = Math.ceil(this.frame.clientHeight / CELL) + 4;
    const last = Math.min(this.total, first + rows * this.columns);
    for (const [place, cell] of this.shown) {
      if (place < first || place >= last) { cell.remove(); this.shown.delete(place); }
    }
    for (let place = first; place < last; place += 1) {
      const cell = this.shown.get(place) ?? this.make(place);
      const row = Math.floor(place / this.columns);
      cell.style.transform = `translate(${(place % this.columns) * CELL}px, ${row * CELL - top + this.frame.scrollTop}px)`;
    }
  }

  make(place) {
    const cell = element('div', {
      class: 'item', role: 'option', id: `item-${place}`,
      'aria-setsize': String(this.total), 'aria-posinset': String(place + 1), 'aria-selected': 'false',
      onclick: (event) => this.click(event, place),
      ondblclick: () => this.enter(place),
      onmouseenter: (event) => this.item(place).then((item) => item && this.on.hover(item, event)),
      onmouseleave: () => this.on.leave(),
    }, element('div', { class: 'frame' }, element('div', { class: 'picture' }, '…')));
    this.shown.set(place, cell);
    this.canvas.append(cell);
    this.mark(place);
    this.item(place).then((item) => item && this.fill(cell, item, place)).catch(() => {});
    return cell;
  }

  fill(cell, item, place) {
    if (!cell.isConnected) return;
    const words = element('div', { class: 'words' }, item.comment ?? item.file_type ?? item.content_type ?? 'file');
    const picture = element('div', { class: 'picture' }, words);
    if (item.served && item.file_type === 'image') {
      const image = element('img', { loading: 'lazy', alt: '', src: address('thumbnail', { id: item.id, size: 256 }) });
      image.addEventListener('error', () => image.replaceWith(words), { once: true });
      picture.replaceChildren(image);
    }
    const star = item.starred ? '★ ' : '';
    cell.setAttribute('aria-label', [item.file_name, item.comment].filter(Boolean).join(': '));
    cell.firstChild.replaceChildren(picture, element('div', { class: 'name' }, star + item.file_name));
    cell.item = item;
    this.mark(place);
  }

  mark(place) {
    const cell = this.shown.get(place);
    if (!cell) return;
    cell.classList.toggle('here', place === this.here);
    const chosen = cell.item !== undefined && this.selected.has(cell.item.id);
    cell.setAttribute('aria-selected', String(chosen));
  }

  markAll() {
    for (const place of this.shown.keys()) this.mark(place);
    this.on.selection(this.selected.size);
  }

  go(place, extend = false) {
    if (this.total === 0) return;
    this.here = Math.max(0, Math.min(this.total - 1, place));
    const row = Math.floor(this.here / this.columns) * CELL;
    const top = this.top();
    const height = this.frame.clientHeight;
    if (row < top || row + CELL > top + height) {
      const wanted = row < top ? row : row + CELL - height;
      const most = Math.min(this.rows * CELL, TALLEST) - height;
      this.frame.scrollTop = this.scale === 1 ? wanted : (wanted / (this.rows * CELL - height)) * most;
      this.draw();
    }
    this.frame.setAttribute('aria-activedescendant', `item-${this.here}`);
    if (extend) this.selectRange(this.anchor < 0 ? this.here : this.anchor, this.here);
    else this.anchor = this.here;
    this.markAll();
    this.item(this.here).then((item) => item && this.on.here(item));
  }

  async selectRange(one, other) {
    const [from, to] = one < other ? [one, other] : [other, one];
    for (let place = from; place <= to; place += 1) {
      const item = await this.item(place);
      if (item) this.selected.add(item.id);
    }
    this.markAll();
  }

  async toggle(place) {
    const item = await this.item(place);
    if (!item) return;
    if (!this.selected.delete(item.id)) this.selected.add(item.id);
    this.markAll();
  }

  click(event, place) {
    this.frame.focus({ preventScroll: true });
    if (event.ctrlKey || event.metaKey) { this.here = place; this.anchor = place; this.toggle(place); return; }
    this.go(place, event.shiftKey);
    if (!event.shiftKey) this.enter(place);
  }

  enter(place) {
    this.item(place).then((item) => item && this.on.enter(item));
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.frame.clientHeight / CELL)) * this.columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns, PageUp: -page, PageDown: page };
    if (event.key in steps) this.go(this.here < 0 ? 0 : this.here + steps[event.key], event.shiftKey);
    else if (event.key === 'Home') this.go(0, event.shiftKey);
    else if (event.key === 'End') this.go(this.total - 1, event.shiftKey);
    else if (event.key === ' ' && this.here >= 0) this.toggle(this.here);
    else if (event.key === 'Enter' && this.here >= 0) this.enter(this.here);
    else return;
    event.preventDefault();
  }

  // The ids that an edit is about: those selected, or the one that is looked at.
  async chosen() {
    if (this.selected.size > 0) return [...this.selected];
    const item = this.here >= 0 ? await this.item(this.here) : undefined;
    return item ? [item.id] : [];
  }

  // Asks again for what is shown, after a change.
  refresh() {
    this.stretches.clear();
    this.lay();
  }

  told() {
    const chosen = this.selected.size > 0 ? `, ${counted(this.selected.size)} selected` : '';
    return `${counted(this.total)} ${this.total === 1 ? 'file' : 'files'}${chosen}`;
  }
}
