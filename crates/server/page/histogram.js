// How a number or a date is spread over the answer; a click on a bar asks for those files alone.

import { ask } from './ask.js';
import { counted, element, sized } from './element.js';

const SVG = 'http://www.w3.org/2000/svg';

export class Histogram {
  constructor(narrow) {
    this.narrow = narrow;
    this.of = element('input', { list: 'sorts', value: 'DataSize', 'aria-label': 'Histogram of' });
    this.of.addEventListener('change', () => this.show());
    this.figure = element('figure');
    this.element = element('section', { 'aria-label': 'Histogram' }, element('h2', {}, 'Spread of ', this.of), this.figure);
  }

  async show() {
    const property = this.of.value.trim();
    if (property === '') { this.figure.replaceChildren(); return; }
    try {
      this.draw(property, await ask('histogram', { property }));
    } catch (error) {
      this.figure.replaceChildren(element('p', {}, error.message.split('\n')[0]));
    }
  }

  draw(property, { bars, dates, total }) {
    if (bars.length === 0) { this.figure.replaceChildren(element('p', {}, 'no file has it')); return; }
    const shown = (value) => {
      if (dates) return new Date(value).toISOString().slice(0, 10);
      return property === 'DataSize' ? sized(Math.round(value)) : Number(value.toPrecision(4)).toLocaleString('en');
    };
    const written = (value) => (dates ? `'${new Date(value).toISOString()}'` : String(value));
    const highest = Math.max(...bars.map((bar) => bar.count));
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'histogram');
    svg.setAttribute('viewBox', `0 0 ${bars.length} 100`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'group');
    bars.forEach((bar, at) => {
      const height = bar.count === 0 ? 0 : Math.max(2, (bar.count / highest) * 100);
      const rect = document.createElementNS(SVG, 'rect');
      const attributes = { x: at + 0.06, y: 100 - height, width: 0.88, height, tabindex: 0, role: 'button' };
      for (const [name, value] of Object.entries(attributes)) rect.setAttribute(name, value);
      const label = `${shown(bar.from)} to ${shown(bar.to)}: ${counted(bar.count)}`;
      rect.setAttribute('aria-label', label);
      const title = document.createElementNS(SVG, 'title');
      title.textContent = label;
      rect.append(title);
      const ask = () => this.narrow(`${property} >= ${written(bar.from)} AND ${property} ${bar.last ? '<=' : '<'} ${written(bar.to)}`);
      rect.addEventListener('click', ask);
      rect.addEventListener('keydown', (event) => { if (event.key === 'Enter') ask(); });
      svg.append(rect);
    });
    const having = bars.reduce((sum, bar) => sum + bar.count, 0);
    const caption = element('figcaption', {}, element('span', {}, shown(bars[0].from)),
      element('span', {}, `${counted(having)} of ${counted(total)}`), element('span', {}, shown(bars.at(-1).to)));
    this.figure.replaceChildren(svg, caption);
  }
}
