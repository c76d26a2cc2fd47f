import './page.css';
import { showNumbers } from './numbers.js';

// The strip at the top is in the page already; the editor, a hundred times as large, waits until it has been painted.
showNumbers();
await painted();
const { mount } = await import('./mount.jsx');
await mount(document.getElementById('explorer'));

// A page that nobody sees is not painted.
function painted() {
  if (document.hidden) return undefined;
  return new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}
