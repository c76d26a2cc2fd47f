import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/**
 * Keep one of the 35 font files in GraphiQL's style sheet.
 *
 * Text is written in the system's font, code in Fira Code; the icons' font comes again with the editor itself.
 */
function withoutUnusedFonts() {
  const latin = /unicode-range:[^}]*U\+0000-00FF/;
  const isNeeded = (face) => face.includes('Fira Code') && latin.test(face);
  return {
    name: 'without-unused-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('graphiql/dist/style.css')) return undefined;
      return code.replace(/@font-face\s*{[^}]*}/g, (face) => (isNeeded(face) ? face : ''));
    },
  };
}

/** Keep the query builder from calling every list in a query an error: it shows none, and leaves them as they are. */
function withoutNoticesOfLists() {
  return {
    name: 'without-notices-of-lists',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('graphiql-explorer')) return undefined;
      return code.replaceAll(/console\.error\('arg mismatch between arg and selection', argType, argValue\);/g, '');
    },
  };
}

// React's compiler leaves this notice in libraries; it means nothing in a bundle and hides what matters.
function withoutDirectiveNotices(level, log, report) {
  if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
}

export default defineConfig({
  base: './',
  plugins: [withoutUnusedFonts(), withoutNoticesOfLists(), react()],
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    license: { fileName: 'LICENSES.md' },
    modulePreload: { polyfill: false },
    rolldownOptions: { onLog: withoutDirectiveNotices },
    sourcemap: false,
    target: 'es2022',
  },
});
