import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

const HINT = '# Tick fields on the left, then press play.';

/**
 * Lets long lines go on below instead of out of sight, and an empty query say how to begin; draws nothing.
 *
 * The hint is no comment in the query: the query builder takes what cannot be read as a query for the one before it.
 */
export function EditorReading() {
  const query = useGraphiQL((state) => state.queryEditor);
  const variables = useGraphiQL((state) => state.variableEditor);
  const response = useGraphiQL((state) => state.responseEditor);
  useEffect(() => {
    for (const editor of [query, variables, response]) editor?.updateOptions({ wordWrap: 'on' });
    query?.updateOptions({ placeholder: HINT });
  }, [query, variables, response]);
  return null;
}
