import { explorerPlugin } from '@graphiql/plugin-explorer';
import { GraphiQL, HISTORY_PLUGIN } from 'graphiql';
import { fetcher } from './api.js';
import { EditorColours } from './EditorColours.jsx';
import { EditorReading } from './EditorReading.jsx';
import { StartButtons } from './StartButtons.jsx';
import { storage } from './storage.js';
import { isFirstVisit } from './tabs.js';

// Made once: a plug-in made anew on every rendering would lose its state.
const plugins = [explorerPlugin(), HISTORY_PLUGIN];

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
      <EditorColours />
      <EditorReading />
      <StartButtons tabs={tabs} />
    </GraphiQL>
  );
}

// GraphiQL fills the editors of the first tab from the initial values, not from the tab itself.
function opening(tabs) {
  if (tabs.length === 0) return {};
  const [{ variables, headers }] = tabs;
  return {
    defaultTabs: tabs.map(({ query, variables: given, headers: sent }) => ({ query, variables: given, headers: sent })),
    ...(isFirstVisit() && { initialVariables: variables ?? undefined, initialHeaders: headers ?? undefined }),
  };
}
