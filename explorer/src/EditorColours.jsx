import { useMonaco } from '@graphiql/react';
import { useEffect } from 'react';

// Where a colour is given for a word or a bracket, the editor's own one is hard to read on this paper.
const LIGHT = colours('vs', {
  accent: '#0b6158',
  paper: '#ffffff',
  field: '#3b4b6811',
  brackets: ['#0431fa', '#22702a', '#7b3814'],
  rules: [
    { token: 'argument.identifier.gql', foreground: '#5c59c4' },
    { token: 'number', foreground: '#066b46' },
    { token: 'type', foreground: '#006d6d' },
  ],
});
const DARK = colours('vs-dark', {
  accent: '#6fdcc6',
  paper: '#212a3b',
  field: '#b7c2d711',
  brackets: ['#ffd700', '#e08bdc', '#5cb8ff'],
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

function colours(base, { accent, paper, field, brackets, rules }) {
  const named = (colour, names) => Object.fromEntries(names.map((name) => [name, colour]));
  return {
    base,
    inherit: true,
    rules,
    colors: {
      ...named('#ffffff00', ['editor.background', 'scrollbar.shadow']),
      ...named(field, ['input.background']),
      ...Object.fromEntries(brackets.map((colour, level) => [`editorBracketHighlight.foreground${level + 1}`, colour])),
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
