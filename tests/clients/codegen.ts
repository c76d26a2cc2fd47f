import type { CodegenConfig } from '@graphql-codegen/cli';

// Every scalar of ours is text on the wire. One that is not listed here stops the generator.
const scalars = { CurrencyCode: 'string', Date: 'string', DateTime: 'string', Decimal: 'string', Duration: 'string', ID: 'string', JSON: 'unknown' };
const types = { strictScalars: true, scalars, enumsAsTypes: true, useTypeImports: true };

const config: CodegenConfig = {
  schema: process.env.SCHEMA ?? 'schema.graphql',
  documents: ['operations/*.graphql', 'tabs/*.graphql'],
  generates: {
    'consumer/generated/schema.ts': { plugins: ['typescript'], config: types },
    'consumer/generated/operations.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: { ...types, documentMode: 'string' },
    },
  },
};

export default config;
