import * as React from 'react';

import { CommandSummary } from '../../api/operations';
import { Refusal } from '../../api/error';
import { useShared } from '../../components/shared';
import { Contents } from '../../model/contents';
import { useStore } from '../../model/store';
import { highlighted } from './highlight';

/** A command's source, highlighted in the theme's colours and collapsed if long. */
export function Source(props: {
  contents: Contents;
  summary: CommandSummary;
}): JSX.Element {
  const { summary } = props;
  const { languages, trans } = useShared();
  const contents = useStore(props.contents);
  const whole = contents.get(summary.number);
  const read =
    whole && !(whole instanceof Refusal) ? whole.request?.source : undefined;
  const source = read ?? summary.source;
  const node = React.useRef<HTMLElement>(null);
  React.useEffect(() => {
    let here = true;
    if (!languages) {
      return;
    }
    void highlighted(languages, source, summary.language).then(drawn => {
      if (here && drawn && node.current) {
        node.current.replaceChildren(drawn);
      }
    });
    return () => {
      here = false;
    };
  }, [languages, source, summary.language]);
  return (
    <>
      <pre
        className="jp-SessionsCommand-source"
        tabIndex={0}
        aria-label={trans.__('Source')}
      >
        <code ref={node} key={source}>
          {source}
        </code>
      </pre>
      {read === undefined && summary.source_cut && (
        <button
          type="button"
          className="jp-Sessions-link"
          onClick={() =>
            void contents.read(summary.number).catch(() => undefined)
          }
        >
          {trans.__('Show the whole source')}
        </button>
      )}
    </>
  );
}
