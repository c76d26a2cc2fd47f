import { ask } from './ask.js';
import { storage } from './storage.js';

const DAYS = /^(\d+) days? (before|after) the latest order$/;
const NOW = 'now, or the day after the latest order';
const ORDER = /^id of the order (\S+)$/;
const KEY = 'a key of this visit';
const VISIT = 'visit';
const DAY = 86_400_000;

/**
 * Variables in which words that depend on the data have become values.
 *
 * A ready tab cannot know them: made-up customers bought until the day they were made up, and identifiers tell that day.
 * A key that came with the tab would have been used by an earlier visitor.
 * Words that mean nothing here stay, and say what belongs in their place.
 */
export async function filled(value) {
  if (typeof value === 'string') return filledText(value);
  if (Array.isArray(value)) return Promise.all(value.map(filled));
  if (value === null || typeof value !== 'object') return value;
  const parts = Object.entries(value).map(async ([name, part]) => [name, await filled(part)]);
  return Object.fromEntries(await Promise.all(parts));
}

async function filledText(text) {
  if (text === KEY) return keyOfVisit();
  if (text === NOW) return nowOrDayAfter(await latestOrder());
  const [, days, side] = DAYS.exec(text) ?? [];
  const [, number] = ORDER.exec(text) ?? [];
  if (days) return dayAt(await latestOrder(), side === 'after' ? Number(days) : -Number(days));
  return number ? ((await orderId(number)) ?? text) : text;
}

/** A key that no other visitor sends, and that this one keeps, so that a second press repeats the first answer. */
function keyOfVisit() {
  const kept = storage.getItem(VISIT) ?? `visit-${randomText()}`;
  storage.setItem(VISIT, kept);
  return kept;
}

// Not a UUID: browsers make those only for pages that came over TLS or from the same machine.
function randomText() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Null, which is now, where the shop has just sold something; a shop that fell silent is looked at as it was then. */
function nowOrDayAfter(moment) {
  const day = dayAt(moment, 1);
  return Date.parse(day) > Date.now() - DAY ? null : day;
}

function dayAt(moment, days) {
  return `${new Date(moment + days * DAY).toISOString().slice(0, 10)}T00:00:00Z`;
}

let latest;

/** When the latest order was placed, or now where there is none; in milliseconds, asked once. */
async function latestOrder() {
  latest ??= ask('query LatestOrder { orders(first: 1) { nodes { placedAt } } }');
  const placedAt = (await latest).orders?.nodes[0]?.placedAt;
  return placedAt ? Date.parse(placedAt) : Date.now();
}

async function orderId(number) {
  const { order } = await ask('query OrderId($number: String!) { order(by: { number: $number }) { id } }', { number });
  return order?.id;
}
