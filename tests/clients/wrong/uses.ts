// Each marked line is a mistake that the generated types must not let through, with the compiler's number for it.

import { ask } from './ask.js';
import { BuyerDocument, type AmountFragment, type BuyerQuery, type PurchaseInput } from './generated/operations.js';

declare const money: AmountFragment;
declare const purchase: PurchaseInput;
declare const buyer: NonNullable<BuyerQuery['customer']>;
declare const order: (typeof buyer.orders.nodes)[number];

export const price: number = money.amount; // TS2322
export const sum = money.amount * 2; // TS2362
export const bought: Date = order.placedAt; // TS2322
export const email: string = buyer.email; // TS2322
export const average = buyer.purchaseSummary.averageOrderValue.amount; // TS18047
export const phone = buyer.phone; // TS2339
export const robot = buyer.kind === 'ROBOT'; // TS2367
export const bare: PurchaseInput = { ...purchase, lines: null }; // TS2322
export const twofold: PurchaseInput = { ...purchase, customer: { email: 'a@b.example', phone: '+493012345678' } }; // TS2322
export const endless = ask('/graphql', BuyerDocument, { by: { id: buyer.id } }); // TS2741
