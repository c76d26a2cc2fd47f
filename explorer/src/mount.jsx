import './workers.js';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './graphiql.css';
import { Explorer } from './Explorer.jsx';
import { readyTabs, welcome } from './tabs.js';

/** Put the editor with the ready tabs into the page. */
export async function mount(place) {
  const tabs = await readyTabs();
  welcome(tabs);
  createRoot(place).render(<Explorer tabs={tabs} />);
}
