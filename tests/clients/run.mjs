// Visits the shop at an address and prints what the visit showed: run.mjs ADDRESS IDENTIFIER PURCHASE (both as JSON).
import { visit } from './built/shop.js';

const [address, by, purchase] = process.argv.slice(2);
console.log(JSON.stringify(await visit(address, JSON.parse(by), JSON.parse(purchase))));
