import * as nbformat from '@jupyterlab/nbformat';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { CommandSummary } from '../../api/operations';
import { Refusal } from '../../api/error';
import { useShared } from '../../components/shared';
import { Problem } from '../../components/states';
import { Contents } from '../../model/contents';
import { useStore } from '../../model/store';
import { formatSize } from '../../text/formatting';
import { OutputItem } from './output';

const AT_ONCE = 1_000_000; // bytes of outputs that are loaded automatically
const LINGERS = 120; // ms in view before loading, so that rows are skipped while scrolling
const SHOWN = 50; // outputs that are shown automatically

/** The outputs of a command: first a preview, then all of them. */
export function OutputsOf(props: {
  contents: Contents;
  rendermime: IRenderMimeRegistry;
  summary: CommandSummary;
}): JSX.Element | null {
  const { rendermime, summary } = props;
  const { trans } = useShared();
  const contents = useStore(props.contents);
  const [asked, setAsked] = React.useState(false);
  const [all, setAll] = React.useState(false);
  const whole = contents.get(summary.number);
  const large = summary.size > AT_ONCE;
  const wanted = summary.outputs > 0 && !whole && (asked || !large);
  React.useEffect(() => {
    if (!wanted) {
      return;
    }
    const timer = setTimeout(
      () => void contents.read(summary.number).catch(() => undefined),
      LINGERS
    );
    return () => clearTimeout(timer);
  }, [wanted, contents, summary.number]);

  if (!summary.outputs) {
    return null;
  }
  if (whole instanceof Refusal) {
    return (
      <Problem
        problem={whole}
        onRetry={() =>
          void contents.read(summary.number).catch(() => undefined)
        }
      />
    );
  }
  const outputs = ((whole?.response ?? whole?.so_far)?.outputs ?? null) as
    nbformat.IOutput[] | null;
  if (!outputs) {
    return (
      <div className="jp-SessionsCommand-outputs jp-mod-pending">
        {summary.preview && <pre>{summary.preview}</pre>}
        {large && !asked && (
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => setAsked(true)}
          >
            {trans.__(
              'Show the outputs (%1, %2)',
              summary.media.join(', '),
              formatSize(summary.size)
            )}
          </button>
        )}
      </div>
    );
  }
  const shown = all ? outputs : outputs.slice(0, SHOWN);
  return (
    <div className="jp-SessionsCommand-outputs">
      {shown.map((output, index) => (
        <OutputItem
          key={index}
          open={contents.open}
          number={summary.number}
          index={index}
          output={output}
          rendermime={rendermime}
        />
      ))}
      {outputs.length > shown.length && (
        <button
          type="button"
          className="jp-Sessions-button"
          onClick={() => setAll(true)}
        >
          {trans.__('Show all %1 outputs', outputs.length)}
        </button>
      )}
    </div>
  );
}
