import * as nbformat from '@jupyterlab/nbformat';

import { removeSequences } from '../text/formatting';

/** An output as a file: its content, media type and extension. */
export interface IOutputFile {
  content: Blob;
  ending: string;
}

/** The media types that can become files, in order of preference. */
const ENDINGS: [string, string][] = [
  ['image/svg+xml', '.svg'],
  ['image/png', '.png'],
  ['image/jpeg', '.jpg'],
  ['image/gif', '.gif'],
  ['image/webp', '.webp'],
  ['application/pdf', '.pdf'],
  ['text/html', '.html'],
  ['text/markdown', '.md'],
  ['text/latex', '.tex'],
  ['application/json', '.json'],
  ['text/plain', '.txt']
];

/** Convert an output to a file; null if it has no form that can stand by itself. */
export function asFile(output: nbformat.IOutput | object): IOutputFile | null {
  const given = output as nbformat.IOutput;
  if (nbformat.isStream(given)) {
    return text(joined(given.text));
  }
  if (nbformat.isError(given)) {
    return text(given.traceback.join('\n'));
  }
  const data = (given.data ?? {}) as nbformat.IMimeBundle;
  const found = ENDINGS.find(([mime]) => mime in data);
  if (!found) {
    return null;
  }
  const [mime, ending] = found;
  const value = data[mime];
  const isText = mime.startsWith('text/') || mime === 'image/svg+xml';
  const part: BlobPart =
    mime === 'application/json'
      ? JSON.stringify(value, null, 2)
      : isText
        ? joined(value)
        : bytes(joined(value));
  return { content: new Blob([part], { type: mime }), ending };
}

function text(words: string): IOutputFile {
  const content = new Blob([removeSequences(words)], {
    type: 'text/plain'
  });
  return { content, ending: '.txt' };
}

function joined(value: unknown): string {
  return Array.isArray(value) ? value.join('') : String(value);
}

function bytes(base64: string): ArrayBuffer {
  const raw = atob(base64.replace(/\s/g, ''));
  const array = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    array[i] = raw.charCodeAt(i);
  }
  return array.buffer;
}
