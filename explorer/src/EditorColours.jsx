import { useMonaco } from '@graphiql/react';
import { useEffect } from 'react';

const LIGHT = colours('vs', {
  accent: '#0b6158',
  paper: '#ffffff',
  field: '#3b4b6811',
  rules: [{ token: 'argument.identifier.gql', foreground: '#6c69ce' }],
});
// The ready tabs explain themselves in comments; the editor's own colour for these is hard to read on dark paper.
const DARK = colours('vs-dark', {
  accent: '#6fdcc6',
  paper: '#212a3b',
  field: '#b7c2d711',
  rules: [
    { token: 'argument.identifier.gql', foreground: '#908aff' },
    { token: 'comment', foreground: '#8fc08b' },
  ],
});

/** Gives the editor the page's colours instead of GraphiQL's; draws nothing. */
export function EditorColours() {
  const monaco = useMonaco((state) => state.monaco);
  useEffect(() => {
    monaco?.editor.defineTheme('graphiql-LIGHT', LIGHT);
    monaco?.editor.defineTheme('graphiql-DARK', DARK);
  }, [monaco]);
  return null;
}

function colours(base, { accent, paper, field, rules }) {
  const named = (colour, names) => Object.fromEntries(names.map((name) => [name, colour]));
  return {
    base,
    inherit: true,
    rules,
    colors: {
      ...named('#ffffff00', ['editor.background', 'scrollbar.shadow']),
      ...named(field, ['input.background']),
      ...named(paper, [
        ...['editorHoverWidget.background', 'editorSuggestWidget.background', 'editorWidget.background'],
        ...['menu.background', 'quickInput.background'],
      ]),
      ...named(accent, [
        ...['textLink.foreground', 'textLink.activeForeground', 'editorLink.activeForeground', 'focusBorder'],
        ...['list.highlightForeground', 'list.focusHighlightForeground', 'editorSuggestWidget.selectedForeground'],
        ...['quickInputList.focusForeground', 'pickerGroup.foreground', 'menu.selectionForeground'],
      ]),
      ...named(`${accent}22`, [
        ...['list.hoverBackground', 'editorSuggestWidget.selectedBackground', 'toolbar.hoverBackground'],
        ...['quickInputList.focusBackground', 'menu.selectionBackground'],
      ]),
    },
  };
}
