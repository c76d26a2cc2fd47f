import { ask } from './ask.js';

const DAYS = /^(\d+) days before the latest order$/;
const ORDER = /^id of the order (\S+)$/;
const DAY = 86_400_000;

/**
 * Variables in which words that depend on the data have become values.
 *
 * A ready tab cannot know them: made-up customers bought until the day they were made up, and identifiers tell that day.
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
  const [, days] = DAYS.exec(text) ?? [];
  const [, number] = ORDER.exec(text) ?? [];
  if (days) return daysBefore(await latestOrder(), Number(days));
  return number ? ((await orderId(number)) ?? text) : text;
}

function daysBefore(moment, days) {
  return `${new Date(moment - days * DAY).toISOString().slice(0, 10)}T00:00:00Z`;
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
