import * as nbformat from '@jupyterlab/nbformat';

/** How an output is shown: as text or an image by this page, or by the server in a sandbox. */
export type Presentation =
  | { how: 'text'; mime: string; text: string }
  | { how: 'image'; mime: Raster; data: string; label: string }
  | { how: 'sandboxed'; mime: string }
  | { how: 'never'; mimes: string[] };

const RASTERS = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'] as const;
type Raster = (typeof RASTERS)[number];

/** Other users' content that this page shows itself; everything else is sandboxed. */
const OURS: readonly string[] = [...RASTERS, 'text/plain'];

/** In the order in which the server and JupyterLab prefer them. */
const PREFERENCE = [
  'application/json',
  'text/html',
  'text/markdown',
  'text/latex',
  'image/svg+xml',
  ...OURS
];

/** Choose how to show an untrusted output. */
export function choose(output: nbformat.IOutput): Presentation {
  if (nbformat.isStream(output)) {
    const mime = `application/vnd.jupyter.${output.name === 'stderr' ? 'stderr' : 'stdout'}`;
    return { how: 'text', mime, text: joined(output.text) };
  }
  if (nbformat.isError(output)) {
    const trace =
      output.traceback.join('\n') || `${output.ename}: ${output.evalue}`;
    return { how: 'text', mime: 'application/vnd.jupyter.stderr', text: trace };
  }
  const data = (output.data ?? {}) as nbformat.IMimeBundle;
  const pictured = Object.keys(data).some(mime => mime.startsWith('image/'));
  const best = PREFERENCE.find(
    mime =>
      Object.hasOwn(data, mime) &&
      // Libraries add a JSON form to a picture of the same value.
      !(mime === 'application/json' && pictured)
  );
  if (best === undefined) {
    return { how: 'never', mimes: Object.keys(data) };
  }
  if (best === 'text/plain') {
    return { how: 'text', mime: best, text: joined(data[best]) };
  }
  const raster = RASTERS.find(mime => mime === best);
  return raster
    ? {
        how: 'image',
        mime: raster,
        data: joined(data[best]).replace(/\s/g, ''),
        label: joined(data['text/plain']).slice(0, 200)
      }
    : { how: 'sandboxed', mime: best };
}

/** Return a text of nbformat, which may be a list of lines, as one string. */
export function joined(text: unknown): string {
  if (Array.isArray(text)) {
    return text.join('');
  }
  return typeof text === 'string'
    ? text
    : text === undefined
      ? ''
      : JSON.stringify(text);
}
