import * as nbformat from '@jupyterlab/nbformat';
import { IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { useShared } from '../../look/shared';
import { OpenSession } from '../../model/session';
import { SandboxedFrame, useView } from '../sandbox';
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
  const shown = React.useMemo(
    () => choose(output, rendermime),
    [output, rendermime]
  );
  switch (shown.how) {
    case 'text':
      return <Text {...shown} rendermime={rendermime} />;
    case 'rendered':
      return (
        <Rendered
          rendermime={rendermime}
          mime={shown.mime}
          data={shown.data}
          metadata={shown.metadata}
        />
      );
    case 'image':
      return (
        <Picture
          open={open}
          number={number}
          index={index}
          label={shown.label}
        />
      );
    case 'sandboxed':
      return (
        <SandboxedFrame
          open={open}
          of={{ command: number }}
          tail={String(index)}
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

/** A text as a terminal shows it, of which only the beginning is shown at first. */
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
  const data = { [mime]: folded ? lines.slice(0, LINES).join('\n') : text };
  return (
    <>
      <Rendered
        rendermime={rendermime}
        mime={mime}
        data={data}
        metadata={NOTHING}
      />
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
            'Only the beginning is shown; the response holds all of it.'
          )}
        </p>
      )}
    </>
  );
}

const NOTHING = {};

/** What JupyterLab's own renderer makes of a value that is not trusted. */
function Rendered(props: {
  rendermime: IRenderMimeRegistry;
  mime: string;
  data: nbformat.IMimeBundle;
  metadata: nbformat.OutputMetadata;
}): JSX.Element {
  const { rendermime, mime, metadata } = props;
  const node = React.useRef<HTMLDivElement>(null);
  const told = JSON.stringify(props.data[mime]);
  React.useLayoutEffect(() => {
    const host = node.current;
    if (!host) {
      return;
    }
    const renderer = rendermime.createRenderer(mime);
    const model = new MimeModel({ data: props.data, metadata, trusted: false });
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
    // The value is what counts, not the object that it came in.
  }, [rendermime, mime, told]);
  return (
    <div
      ref={node}
      className="jp-SessionsCommand-output jp-OutputArea-output"
    />
  );
}

/** An image whose file could hold script, which does not run in an image. */
function Picture(props: {
  open: OpenSession;
  number: number;
  index: number;
  label: string;
}): JSX.Element {
  const { trans } = useShared();
  const url = useView(props.open, { command: props.number });
  const label =
    props.label ||
    trans.__('Output %1 of command %2', props.index + 1, props.number);
  return (
    <div className="jp-SessionsCommand-output">
      {url && <img src={`${url}${props.index}`} alt={label} />}
    </div>
  );
}
