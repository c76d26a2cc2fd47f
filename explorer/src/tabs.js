import { filled } from './fill.js';
import { storage } from './storage.js';

const KEPT = 'graphiql:tabState';
const QUERY = 'graphiql:query';
const VARIABLES = 'graphiql:variables';
const DELIVERED = 'delivered-tabs';

/** The ready tabs of the API, [{ name, query, variables, headers }] with texts or null; [] when they cannot be had. */
export async function readyTabs() {
  const answer = await fetch('./tabs.json');
  return answer.ok ? Promise.all((await answer.json()).map(asEditorTab)) : [];
}

async function asEditorTab({ name, query, variables, headers }) {
  return { name, query, variables: asText(await filled(variables)), headers: asText(headers) };
}

function asText(values) {
  return values ? JSON.stringify(values, null, 2) : null;
}

/** Whether nothing of an earlier visit is kept in this browser. */
export function isFirstVisit() {
  return storage.getItem(KEPT) === null;
}

/**
 * Let new ready tabs replace older ones that the visitor never touched.
 *
 * GraphiQL prefers what it kept to what it is given, and rightly so for somebody's own work.
 */
export function welcome(tabs) {
  const delivered = read(DELIVERED);
  if (delivered && isUntouched(delivered) && contents(delivered) !== contents(tabs)) {
    [KEPT, QUERY, VARIABLES].forEach((key) => storage.removeItem(key));
  }
  storage.setItem(DELIVERED, JSON.stringify(tabs));
}

// The editors' texts are kept apart and sooner than the tabs: what was typed last may be in them alone.
function isUntouched(delivered) {
  const kept = read(KEPT)?.tabs;
  const isDelivered = (text, name) => !text || delivered.some((tab) => tab[name] === text);
  return (
    Boolean(kept) &&
    contents(kept) === contents(delivered) &&
    isDelivered(storage.getItem(QUERY), 'query') &&
    isDelivered(storage.getItem(VARIABLES), 'variables')
  );
}

function read(key) {
  return JSON.parse(storage.getItem(key) ?? 'null');
}

function contents(tabs) {
  return JSON.stringify(tabs.map(({ query, variables }) => [query ?? '', variables ?? '']));
}
