import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';

const LONGEST = 20_000;

/** Highlight source in the theme's colours; null if the language is not supported. */
export async function highlighted(
  languages: IEditorLanguageRegistry,
  source: string,
  language: string
): Promise<DocumentFragment | null> {
  const known =
    language && source.length <= LONGEST
      ? languages.findBest(language.toLowerCase())
      : null;
  if (!known || known.name === 'none') {
    return null;
  }
  const holder = document.createElement('span');
  await languages.highlight(source, known, holder);
  const drawn = document.createDocumentFragment();
  drawn.append(...holder.childNodes);
  return drawn;
}
