// How many files of the answer have each type, tag and folder; a click asks for those alone.

import { ask } from './ask.js';
import { byId, counted, element, quoted } from './element.js';
import { Histogram } from './histogram.js';

export class Facets {
  constructor(narrow) {
    this.narrow = narrow;
    this.place = byId('facets');
    this.lists = element('div');
    this.histogram = new Histogram(narrow);
    this.place.replaceChildren(this.lists, this.histogram.element);
  }

  async show() {
    this.asked?.abort();
    this.asked = new AbortController();
    const facets = await ask('facets', {}, this.asked.signal);
    this.lists.replaceChildren(...facets.flatMap((facet) => this.list(facet)));
    await this.histogram.show();
  }

  clear() {
    this.lists.replaceChildren();
    this.histogram.figure.replaceChildren();
  }

  list(facet) {
    if (facet.groups.length === 0) return [];
    const groups = facet.groups.map(({ key, count }) => element('li', {}, element('button', {
      type: 'button', title: `${key}: only these; with Shift: without these`,
      onclick: (event) => this.narrow(`${event.shiftKey ? 'NOT ' : ''}${facet.property} = ${quoted(key)}`),
    }, element('span', { class: 'key' }, key === '' ? '(top)' : key), element('span', { class: 'count' }, counted(count)))));
    const more = facet.distinct > groups.length ? `, the first ${groups.length} of ${counted(facet.distinct)}` : '';
    return [element('h2', {}, facet.name + more), element('ol', {}, ...groups)];
  }
}
