import * as nbformat from '@jupyterlab/nbformat';
import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { useShared } from '../../components/shared';
import { OpenSession } from '../../model/session';
import { SandboxedFrame } from '../sandbox';
import { choose } from './choice';

const LINES = 24;
const LONGEST = 300_000; // characters of one text

interface IItem {
  open: OpenSession;
  number: number;
  index: number;
  output: nbformat.IOutput;
  rendermime: IRenderMimeRegistry;
}

/** One output of a command. */
export function OutputItem(props: IItem): JSX.Element {
  const { open, number, index, output, rendermime } = props;
  const { trans } = useShared();
  const shown = React.useMemo(() => choose(output), [output]);
  switch (shown.how) {
    case 'text':
      return <Text {...shown} rendermime={rendermime} />;
    case 'image':
      return (
        <div className="jp-SessionsCommand-output">
          <img
            src={`data:${shown.mime};base64,${shown.data}`}
            alt={
              shown.label ||
              trans.__('Output %1 of command %2', index + 1, number)
            }
            width={widthOf(output, shown.mime)}
          />
        </div>
      );
    case 'sandboxed':
      return (
        <SandboxedFrame
          open={open}
          of={{ command: number }}
          tail={String(index)}
          query="document=1"
          title={trans.__(
            'Output %1 of command %2, %3',
            index + 1,
            number,
            shown.mime
          )}
        />
      );
    case 'never':
      return (
        <p className="jp-Sessions-note">
          {trans.__("%1 can't be shown here.", shown.mimes.join(', '))}
        </p>
      );
  }
}

/** A terminal text, collapsed if long. */
function Text(props: {
  mime: string;
  text: string;
  rendermime: IRenderMimeRegistry;
}): JSX.Element {
  const { mime, rendermime } = props;
  const { trans } = useShared();
  const [all, setAll] = React.useState(false);
  const text = props.text.slice(0, LONGEST).replace(/\n$/, '');
  const lines = text.split('\n');
  const folded = !all && lines.length > LINES + 4;
  const shown = folded ? lines.slice(0, LINES).join('\n') : text;
  return (
    <>
      <Terminal rendermime={rendermime} mime={mime} text={shown} />
      {folded && (
        <button
          type="button"
          className="jp-Sessions-link"
          onClick={() => setAll(true)}
        >
          {trans.__('Show all %1 lines', lines.length.toLocaleString())}
        </button>
      )}
      {props.text.length > LONGEST && (
        <p className="jp-Sessions-note">
          {trans.__(
            'Only the beginning is shown. See the response for all of it.'
          )}
        </p>
      )}
    </>
  );
}

/** Terminal text rendered by JupyterLab, in which HTML is escaped. */
function Terminal(props: {
  rendermime: IRenderMimeRegistry;
  mime: string;
  text: string;
}): JSX.Element {
  const { rendermime, mime, text } = props;
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const host = node.current;
    if (!host) {
      return;
    }
    const renderer = rendermime.createRenderer(mime);
    const model = new MimeModel({ data: { [mime]: text }, trusted: false });
    Widget.attach(renderer, host);
    renderer.renderModel(model).catch(reason => {
      host.textContent = String(reason);
    });
    return () => {
      if (renderer.isAttached) {
        Widget.detach(renderer);
      }
      renderer.dispose();
    };
  }, [rendermime, mime, text]);
  return (
    <div
      ref={node}
      className="jp-SessionsCommand-output jp-OutputArea-output"
    />
  );
}

/** Return the width that a figure for a high-density screen declares. */
function widthOf(output: nbformat.IOutput, mime: string): number | undefined {
  const all = output.metadata as Record<string, unknown> | undefined;
  const width = (all?.[mime] as { width?: unknown } | null | undefined)?.width;
  return typeof width === 'number' && width > 0 && width < 10_000
    ? Math.round(width)
    : undefined;
}
