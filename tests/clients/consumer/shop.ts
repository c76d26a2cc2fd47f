// A screen of a shop, as a front-end team would write it on generated types.

import { ask } from './ask.js';
import {
  BuyersDocument,
  BuyerDocument,
  PurchaseDocument,
  ThingsDocument,
  type AmountFragment,
  type BuyerQuery,
  type CustomerIdentifierInput,
  type PurchaseMutation,
  type PurchaseInput,
  type ThingsQuery,
} from './generated/operations.js';
import type { Money, UserErrorCode } from './generated/schema.js';

type Buyer = NonNullable<BuyerQuery['customer']>;
type Order = Buyer['orders']['nodes'][number];

/** Everything one visit shows; amounts are texts such as "12.50 EUR". */
export async function visit(address: string, by: CustomerIdentifierInput, purchase: PurchaseInput) {
  const before = await orders(address, by);
  const first = await buy(address, 'key-of-a-basket-1', purchase);
  const again = await buy(address, 'key-of-a-basket-1', purchase);
  const refused = await buy(address, 'key-of-a-basket-2', { ...purchase, lines: [] });
  const buyer = (await ask(address, BuyerDocument, { by, first: 1 })).customer;
  return {
    before,
    buyer: buyer && summary(buyer),
    first,
    again,
    refused,
    nobody: (await ask(address, BuyerDocument, { by: { email: 'nobody@example.com' }, first: 1 })).customer,
    things: await things(address, [...before.map(order => order.id), buyer?.id ?? '']),
    buyers: (await ask(address, BuyersDocument, {})).customers.nodes.map(each => each.displayName),
  };
}

/** Reads page after page, two orders at a time. */
async function orders(address: string, by: CustomerIdentifierInput) {
  const found: Order[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const page: BuyerQuery = await ask(address, BuyerDocument, { by, first: 2, after });
    if (!page.customer) break;
    found.push(...page.customer.orders.nodes);
    ({ endCursor: after, hasNextPage: more } = page.customer.orders.pageInfo);
  }
  return found.map(order => ({
    id: order.id,
    number: order.number,
    status: order.status,
    placedAt: new Date(order.placedAt).getTime(),
    source: order.externalId?.source ?? null,
    total: text(order.total),
    lines: order.lines.nodes.map(line => `${line.quantity} × ${line.sku}: ${text(line.total)}`),
    sum: cents(order.lines.nodes.map(line => line.total)) - cents([order.discount]),
  }));
}

function summary(buyer: Buyer) {
  const { orderCount, net, averageOrderValue, lastPurchaseAt } = buyer.purchaseSummary;
  return {
    kind: buyer.kind,
    name: buyer.displayName,
    email: buyer.email?.toLowerCase() ?? null,
    company: buyer.company?.name ?? null,
    orderCount,
    net: text(net),
    average: averageOrderValue && text(averageOrderValue),
    lastPurchaseAt: lastPurchaseAt && new Date(lastPurchaseAt).toISOString(),
    count: buyer.orders.totalCount?.count,
  };
}

async function buy(address: string, idempotencyKey: string, purchase: PurchaseInput) {
  const { recordPurchase } = await ask(address, PurchaseDocument, { input: { idempotencyKey, purchase } });
  return recordPurchase && outcome(recordPurchase);
}

function outcome({ order, idempotency, userErrors }: NonNullable<PurchaseMutation['recordPurchase']>) {
  return {
    total: order && text(order.total),
    lines: order?.lines.nodes.map(line => `${line.quantity} × ${line.sku}`) ?? [],
    replayed: idempotency?.replayed ?? null,
    refusals: userErrors.map(({ field, code }) => `${field?.join('.') ?? ''} ${advice(code)}`),
  };
}

const ADVICE: Partial<Record<UserErrorCode, string>> = { BLANK: 'must be filled in', OUT_OF_RANGE: 'is too much' };

function advice(code: UserErrorCode): string {
  return ADVICE[code] ?? `is refused: ${code}`;
}

/** Tells things of any type apart by their type names. */
async function things(address: string, ids: string[]) {
  const { nodes } = await ask(address, ThingsDocument, { ids });
  return nodes.map(thing => thing && told(thing));
}

function told(thing: NonNullable<ThingsQuery['nodes'][number]>): string {
  switch (thing.__typename) {
    case 'Customer':
      return `customer ${thing.displayName}`;
    case 'Order':
      return `order ${thing.number} of ${thing.customer.displayName}`;
    default:
      return thing.__typename;
  }
}

function text({ amount, currencyCode }: Pick<Money, 'amount' | 'currencyCode'>): string {
  return `${amount} ${currencyCode}`;
}

function cents(amounts: AmountFragment[]): number {
  return amounts.reduce((sum, { amount }) => sum + Number(amount.replace('.', '')), 0);
}
