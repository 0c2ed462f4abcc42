import * as nbformat from '@jupyterlab/nbformat';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';

/** How an output is shown: as text or by JupyterLab's renderer here, or by the server in a sandbox. */
export type Shown =
  | { how: 'text'; mime: string; text: string }
  | {
      how: 'rendered';
      mime: string;
      data: nbformat.IMimeBundle;
      metadata: nbformat.OutputMetadata;
    }
  | { how: 'sandboxed'; mime: string }
  | { how: 'image'; mime: string; label: string }
  | { how: 'never'; mimes: string[] };

/** What in HTML can run, or reach out: it goes into a sandbox of its own. */
const ACTIVE =
  /<\s*(script|iframe|object|embed|link|style|meta|base|form|svg|math)\b|\son\w+\s*=|javascript:/i;

/** The media types that the server shows in a sandbox and JupyterLab does not without trust. */
const IN_SANDBOX = ['text/html', 'image/svg+xml'];

/** Choose how to show an output that nobody vouches for. */
export function choose(
  output: nbformat.IOutput,
  rendermime: IRenderMimeRegistry
): Shown {
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
  const metadata = (output.metadata ?? {}) as nbformat.OutputMetadata;
  const best = rendermime.preferredMimeType(data, 'any');
  if (best === 'text/html' && ACTIVE.test(joined(data[best]))) {
    return { how: 'sandboxed', mime: best };
  }
  if (best === 'image/svg+xml') {
    return {
      how: 'image',
      mime: best,
      label: joined(data['text/plain']).slice(0, 200)
    };
  }
  const safe = rendermime.preferredMimeType(data, 'ensure');
  if (safe === 'text/plain') {
    // A plain text that stands for something richer, which the server can show in a sandbox.
    const rich = IN_SANDBOX.find(mime => mime in data);
    return rich
      ? { how: 'sandboxed', mime: rich }
      : { how: 'text', mime: 'text/plain', text: joined(data['text/plain']) };
  }
  if (safe) {
    return { how: 'rendered', mime: safe, data, metadata };
  }
  return { how: 'never', mimes: Object.keys(data) };
}

/** A text of nbformat, which may be split into lines, as one string. */
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
