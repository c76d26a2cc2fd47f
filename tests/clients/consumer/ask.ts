import type { TypedDocumentString } from './generated/operations.js';

type Answer<Data> = { data?: Data | null; errors?: { message: string }[] };

/** Sends an operation and returns its data; throws the first error the server tells. */
export async function ask<Data, Variables>(
  address: string,
  operation: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: operation.toString(), variables }),
  });
  const answer = (await response.json()) as Answer<Data>;
  if (answer.errors?.[0]) throw new Error(`${response.status} ${answer.errors[0].message}`);
  if (!answer.data) throw new Error(`${response.status} without data`);
  return answer.data;
}
