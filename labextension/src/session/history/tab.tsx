import { PathExt } from '@jupyterlab/coreutils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { CommandIDs } from '../../commands/ids';
import { IListHandle, VirtualList } from '../../components/virtual';
import { useOwned } from '../../components/owned';
import { useCommand, useShared } from '../../components/shared';
import { Empty, Loading, Problem } from '../../components/states';
import { Contents } from '../../model/contents';
import { EVERYTHING, History } from '../../model/history';
import { useStore } from '../../model/store';
import { IPart } from '../part';
import { CommandEntry } from './entry';
import { Filters } from './filters';

/** The tab of a session's commands, live and newest first. */
export function HistoryTab(
  props: IPart & { rendermime: IRenderMimeRegistry }
): JSX.Element {
  const { open, place, rendermime } = props;
  const { trans } = useShared();
  const history = useOwned(History, open);
  const contents = useOwned(Contents, open);
  const list = React.useRef<IListHandle>(null);
  const [unseen, onTop] = useUnseen(history);
  useCommandInView(history, list, place.command);

  const onRange = React.useCallback(
    (first: number, last: number) => history.want(first, last),
    [history]
  );
  return (
    <div className="jp-SessionsHistory">
      {(history.count > 0 || history.filtered) && (
        <Filters
          history={history}
          onNumber={number =>
            list.current?.show(history.reveal(number), { focus: true })
          }
        />
      )}
      {history.problem && (
        <Problem problem={history.problem} onRetry={() => history.retry()} />
      )}
      {unseen > 0 && (
        <button
          type="button"
          className="jp-SessionsHistory-arrived"
          onClick={() => list.current?.toTop()}
        >
          {trans._n('%1 new command', '%1 new commands', unseen)}
        </button>
      )}
      {history.count > 0 && !history.allHidden ? (
        <VirtualList
          label={trans.__('History')}
          role="feed"
          className="jp-SessionsHistory-list"
          count={history.count}
          guess={112}
          keyOf={index => history.number(index)}
          hidden={index => history.hidden(index)}
          render={index => (
            <CommandEntry
              open={open}
              contents={contents}
              rendermime={rendermime}
              number={history.number(index)}
              summary={history.commandAt(index)}
              marked={place.command === history.number(index)}
            />
          )}
          onRange={onRange}
          onTop={onTop}
          handle={list}
        />
      ) : history.loading ? (
        <Loading what={trans.__('Loading the history')} />
      ) : (
        <Nothing history={history} />
      )}
      <div className="jp-Sessions-hidden" role="status">
        {unseen > 0 && trans._n('%1 new command', '%1 new commands', unseen)}
      </div>
    </div>
  );
}

function Nothing({ history }: { history: History }): JSX.Element {
  const { commands, sessions, trans } = useShared();
  const { active, activeCode } = useStore(sessions.recording);
  const execute = useCommand();
  if (history.filtered) {
    return (
      <Empty
        title={trans.__('No matching commands')}
        actions={
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => history.look(EVERYTHING)}
          >
            {trans.__('Clear filters')}
          </button>
        }
      />
    );
  }
  if (history.allHidden) {
    return (
      <Empty
        title={trans.__('Only %session commands so far')}
        actions={
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => history.look({ ...EVERYTHING, managing: true })}
          >
            {trans.__('Show them')}
          </button>
        }
      >
        <p>
          {trans.__(
            'Commands that only manage sessions, such as %session history, are hidden.'
          )}
        </p>
      </Empty>
    );
  }
  const here =
    commands.hasCommand(CommandIDs.attach) && history.open.has('write');
  return (
    <Empty
      title={trans.__('No commands yet')}
      actions={
        here &&
        active &&
        activeCode !== history.open.code && (
          <button
            type="button"
            className="jp-Sessions-button jp-mod-primary"
            onClick={() =>
              execute(CommandIDs.attach, { session: history.open.code })
            }
          >
            {trans.__('Record %1', PathExt.basename(active.path))}
          </button>
        )
      }
    >
      <p>
        {trans.__(
          'Cells of a notebook that records into this session appear here at once, with their outputs.'
        )}
      </p>
      {here && !active && (
        <p>
          {trans.__(
            'Open a notebook, click “Not recorded” in its toolbar, and choose this session.'
          )}
        </p>
      )}
    </Empty>
  );
}

/** The number of new commands since the user scrolled down. */
function useUnseen(history: History): [number, (top: boolean) => void] {
  const [top, setTop] = React.useState(true);
  const [seen, setSeen] = React.useState(0);
  const newest = history.count ? history.number(0) : 0;
  React.useEffect(() => {
    if (top) {
      setSeen(newest);
    }
  }, [top, newest]);
  const unseen = top || history.filtered || !seen ? 0 : history.since(seen);
  return [unseen, setTop];
}

/** Scroll to the command for which the tab was opened. */
function useCommandInView(
  history: History,
  list: React.RefObject<IListHandle>,
  command: number | undefined
): void {
  const shown = React.useRef<number>();
  React.useEffect(() => {
    if (command && shown.current !== command && history.count) {
      shown.current = command;
      list.current?.show(history.reveal(command), { focus: true });
    }
  });
}
