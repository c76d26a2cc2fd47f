import { createLocalStorage } from '@graphiql/toolkit';

// Developers run many tools on one port; without a namespace another GraphiQL's tabs would show up here.
const kept = createLocalStorage({ namespace: 'regulars' });

// GraphiQL keeps tokens out of its tabs when it is told to, and then writes them into its history.
const HISTORIES = ['graphiql:queries', 'graphiql:favorites'];

/** What the page keeps in this browser: never a header, because headers carry tokens. */
export const storage = {
  getItem: kept.getItem,
  removeItem: kept.removeItem,
  clear: kept.clear,
  get length() {
    return kept.length;
  },
  setItem(key, value) {
    kept.setItem(key, HISTORIES.includes(key) ? withoutHeaders(value) : value);
  },
};

function withoutHeaders(history) {
  return JSON.stringify(JSON.parse(history), (name, value) => (name === 'headers' ? undefined : value));
}
