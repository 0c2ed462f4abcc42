import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { CommandSummary } from '../../api/operations';
import { Person, When } from '../../components/pieces';
import { useShared } from '../../components/shared';
import { Contents } from '../../model/contents';
import { OpenSession } from '../../model/session';
import { formatDuration, scaleDuration } from '../../text/formatting';
import { Actions } from './actions';
import { OutputsOf } from './outputs';
import { Source } from './source';

interface IEntry {
  open: OpenSession;
  contents: Contents;
  rendermime: IRenderMimeRegistry;
  number: number;
  summary: CommandSummary | undefined;
  marked: boolean;
}

/** One command: user, time, status, source and outputs. */
export function CommandEntry(props: IEntry): JSX.Element {
  const { number, summary, marked } = props;
  const { trans } = useShared();
  const id = React.useId();
  const status = summary?.status ?? 'unread';
  return (
    <section
      className={`jp-SessionsCommand jp-mod-${status} ${marked ? 'jp-mod-marked' : ''}`}
      data-number={number}
      aria-labelledby={id}
    >
      <div className="jp-SessionsCommand-gutter">
        <span id={id} className="jp-SessionsCommand-number">
          <span className="jp-Sessions-hidden">{trans.__('Command')} </span>
          {number}
        </span>
        {summary && (
          <span
            className="jp-SessionsCommand-tick"
            style={{
              width: `${Math.max(8, scaleDuration(summary.duration))}%`
            }}
          />
        )}
      </div>
      <div className="jp-SessionsCommand-body">
        {summary ? (
          <Read {...props} summary={summary} />
        ) : (
          <div className="jp-SessionsCommand-unread" aria-hidden="true" />
        )}
      </div>
    </section>
  );
}

function Read(props: IEntry & { summary: CommandSummary }): JSX.Element {
  const { open, contents, rendermime, summary } = props;
  const { trans } = useShared();
  const shownStatus = {
    completed: trans.__('completed'),
    error: trans.__('error'),
    aborted: trans.__('aborted'),
    running: trans.__('running')
  }[summary.status];
  return (
    <>
      <div className="jp-SessionsCommand-meta">
        <Person name={summary.user} really={summary.real_user} />
        <When instant={summary.started} />
        {summary.duration !== null && (
          <span title={trans.__('Duration')}>
            {formatDuration(summary.duration)}
          </span>
        )}
        <span className="jp-SessionsCommand-status">{shownStatus}</span>
        {summary.notebook && (
          <span
            className="jp-SessionsCommand-notebook"
            title={summary.notebook}
          >
            {summary.notebook}
            {summary.execution_count !== null &&
              ` [${summary.execution_count}]`}
          </span>
        )}
        <Actions open={open} summary={summary} />
      </div>
      {summary.forgotten ? (
        <p className="jp-Sessions-note">
          {trans.__(
            'The content of this command was erased. The record that it was run stays.'
          )}
        </p>
      ) : (
        <>
          {/* A gap in the recording has no source; its note says what is missing. */}
          {(summary.source || !summary.note) && (
            <Source contents={contents} summary={summary} />
          )}
          <OutputsOf
            contents={contents}
            rendermime={rendermime}
            summary={summary}
          />
        </>
      )}
      {summary.note && <p className="jp-Sessions-note">{summary.note}</p>}
    </>
  );
}
