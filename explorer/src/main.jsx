import './workers.js';
import { createRoot } from 'react-dom/client';
import 'graphiql/style.css';
import '@graphiql/plugin-explorer/style.css';
import './page.css';
import { Explorer } from './Explorer.jsx';
import { readyTabs, welcome } from './tabs.js';

const tabs = await readyTabs();
welcome(tabs);
createRoot(document.getElementById('explorer')).render(<Explorer tabs={tabs} />);
