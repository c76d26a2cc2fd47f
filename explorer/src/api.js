import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { showNumbers } from './numbers.js';

// Relative to the page, so that the API may live below a prefix.
const endpoint = new URL('graphql', document.baseURI).href;

const send = createGraphiQLFetcher({
  url: endpoint,
  subscriptionUrl: endpoint.replace(/^http/, 'ws'),
  enableIncrementalDelivery: false,
});

/** Sends what the editor holds; after a change the numbers at the top are counted anew. */
export function fetcher(asked, options) {
  const operations = operationsOf(asked.query);
  const answer = send(withItsOwnName(asked, operations), options);
  if (operations.some(({ operation }) => operation === 'mutation')) Promise.resolve(answer).then(showNumbers, () => {});
  return answer;
}

// The editor notices a tenth of a second late that another document is in it, and would send the last one's name.
function withItsOwnName({ operationName, ...asked }, operations) {
  return operations.some(({ name }) => name?.value === operationName) ? { ...asked, operationName } : asked;
}

function operationsOf(document) {
  try {
    return parse(document).definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  } catch {
    return [];
  }
}
