// What the page knows of its question, and how it asks the server.

export const question = { dataset: '', version: '', q: '', sort: '', order: 'desc', status: '' };

export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.place = error.place;
  }
}

function query(more) {
  const all = { ...question, ...more };
  const said = Object.entries(all).filter(([, value]) => value !== '' && value !== undefined && value !== null);
  return new URLSearchParams(said).toString();
}

export const address = (path, more = {}) => `/browse/${path}?${query(more)}`;

async function answered(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(body.error ?? { message: body.Message ?? `the server answered ${response.status}` });
  return body;
}

export const ask = async (path, more = {}, signal = undefined) => answered(await fetch(address(path, more), { signal }));

export async function change(what) {
  const { dataset, version } = question;
  const body = JSON.stringify({ dataset: dataset || undefined, version: version || undefined, ...what });
  const headers = { 'content-type': 'application/json', 'x-filedex-change': '1' };
  return answered(await fetch('/browse/edit', { method: 'POST', headers, body }));
}

// The question is kept in the address, so that a reload, a bookmark and Back know it.
export function remember(push) {
  const said = Object.entries(question).filter(([key, value]) => value !== '' && !(key === 'order' && value === 'desc'));
  const place = `#${new URLSearchParams(said)}`;
  if (place === location.hash || (place === '#' && location.hash === '')) return;
  if (push) history.pushState(null, '', place); else history.replaceState(null, '', place);
}

export function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(question)) question[key] = said.get(key) ?? (key === 'order' ? 'desc' : '');
}
