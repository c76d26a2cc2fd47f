import { ask } from './ask.js';

const NUMBERS = `query Numbers {
  customers(first: 1) { totalCount { count precision } }
  orders(first: 1) { totalCount { count precision } }
}`;

/** Say at the top of the page how many customers and orders there are. */
export async function showNumbers() {
  const { customers, orders } = await ask(NUMBERS);
  const place = document.getElementById('numbers');
  if (!customers?.totalCount || !orders?.totalCount) {
    place.textContent = 'The API did not say how many customers there are.';
  } else if (customers.totalCount.count === 0) {
    place.replaceChildren('No customers yet: fill it with ', code('regulars demo'), ' or ', code('regulars import'));
  } else {
    const parts = [counted(customers.totalCount, 'customer'), counted(orders.totalCount, 'order')];
    place.textContent = `${parts.join(' with ')} in here`;
  }
}

function counted({ count, precision }, name) {
  const number = `${count.toLocaleString('en')} ${name}${count === 1 ? '' : 's'}`;
  return precision === 'AT_LEAST' ? `more than ${number}` : number;
}

function code(text) {
  const element = document.createElement('code');
  element.textContent = text;
  return element;
}
