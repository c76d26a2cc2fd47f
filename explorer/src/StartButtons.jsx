import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

/**
 * Brings the buttons at the top of the page to life.
 *
 * They are in the page from the start, so that it shows itself before the editor is there; nothing is drawn here.
 */
export function StartButtons({ tabs }) {
  const open = useGraphiQL((state) => state.tabs);
  const query = useGraphiQL((state) => state.queryEditor);
  const variables = useGraphiQL((state) => state.variableEditor);
  const response = useGraphiQL((state) => state.responseEditor);
  const { addTab, changeTab, run } = useGraphiQLActions();

  useEffect(() => {
    if (!query || !variables || !response) return undefined;

    function show(ready) {
      const index = open.findIndex((tab) => tab.query === ready.query && tab.variables === ready.variables);
      if (index >= 0) {
        changeTab(index);
      } else {
        addTab();
        query.setValue(ready.query);
        variables.setValue(ready.variables ?? '');
      }
      run();
      bringIntoView();
    }

    function build() {
      addTab();
      showPane('GraphiQL Explorer');
      bringIntoView();
    }

    const stops = [press('#docs', () => showPane('Documentation Explorer')), press('#own', build)];
    for (const button of document.querySelectorAll('[data-tab]')) {
      const ready = tabs.find((tab) => tab.name === button.dataset.tab);
      button.hidden = !ready;
      if (ready) stops.push(press(button, () => show(ready)));
    }
    return () => stops.forEach((stop) => stop());
  }, [open, query, variables, response, tabs, addTab, changeTab, run]);

  return null;
}

/** Let a button do something; returns what makes it stop. */
function press(button, action) {
  const found = typeof button === 'string' ? document.querySelector(button) : button;
  found.disabled = false;
  found.addEventListener('click', action);
  return () => found.removeEventListener('click', action);
}

// A plug-in made visible by other means than its button in the side bar is visible in a pane that stays closed.
function showPane(title) {
  document.querySelector(`.graphiql-sidebar [aria-label="Show ${title}"]`)?.click();
}

// Where there are more tabs than room, the new one would lie outside.
function bringIntoView() {
  const near = { block: 'nearest', inline: 'nearest' };
  setTimeout(() => document.querySelector('.graphiql-tab-active')?.scrollIntoView(near), 100);
}
