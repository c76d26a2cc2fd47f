import { explorerPlugin } from '@graphiql/plugin-explorer';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { storage } from './storage.js';
import { isFirstVisit } from './tabs.js';

// Relative to the page, so that the API may live below a prefix.
const endpoint = new URL('graphql', document.baseURI).href;

const fetcher = createGraphiQLFetcher({
  url: endpoint,
  subscriptionUrl: endpoint.replace(/^http/, 'ws'),
  enableIncrementalDelivery: false,
});

// Made once: a plug-in made anew on every rendering would lose its state.
const plugins = [HISTORY_PLUGIN, explorerPlugin()];

export function Explorer({ tabs }) {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={plugins}
      storage={storage}
      shouldPersistHeaders={false}
      isHeadersEditorEnabled
      defaultEditorToolsVisibility="variables"
      inputValueDeprecation
      schemaDescription
      {...opening(tabs)}
    >
      <GraphiQL.Logo>
        <></>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

// GraphiQL fills the editors of the first tab from the initial values, not from the tab itself.
function opening(tabs) {
  if (tabs.length === 0) return {};
  const [{ variables, headers }] = tabs;
  return {
    defaultTabs: tabs,
    ...(isFirstVisit() && { initialVariables: variables ?? undefined, initialHeaders: headers ?? undefined }),
  };
}
