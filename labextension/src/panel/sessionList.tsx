import * as React from 'react';

import { CommandIDs } from '../commands/ids';
import { VirtualList } from '../components/virtual';
import { useCommand, useShared } from '../components/shared';
import { Empty, Loading, Problem } from '../components/states';
import { SessionList, Which } from '../model/list';
import { useStore } from '../model/store';
import { SessionRow } from './row';

const TYPED_FOR = 250; // ms

/** The search field and the list of sessions. */
export function PanelBody(): JSX.Element {
  const { sessions, trans } = useShared();
  const list = useStore(sessions.list);
  const execute = useCommand();
  return (
    <>
      <Finder list={list} />
      {list.problem && (list.items.length > 0 || list.loaded) && (
        <Problem
          problem={list.problem}
          onRetry={() => void list.refresh()}
          onLogin={() => execute(CommandIDs.logIn)}
        />
      )}
      <Found list={list} />
      <div className="jp-Sessions-hidden" role="status">
        {list.loaded &&
          trans._n('%1 session', '%1 sessions', list.items.length)}
      </div>
    </>
  );
}

function Finder({ list }: { list: SessionList }): JSX.Element {
  const { trans } = useShared();
  const [words, setWords] = React.useState(list.search);
  React.useEffect(() => setWords(list.search), [list.search]);
  React.useEffect(() => {
    if (words === list.search) {
      return;
    }
    const timer = setTimeout(() => list.look(list.which, words), TYPED_FOR);
    return () => clearTimeout(timer);
  }, [words, list]);
  const kinds: [Which, string][] = [
    ['all', trans.__('All')],
    ['mine', trans.__('Mine')],
    ['shared', trans.__('Shared')]
  ];
  return (
    <div className="jp-Sessions-finder">
      <input
        type="search"
        className="jp-Sessions-input"
        placeholder={trans.__('Search label, owner, code')}
        aria-label={trans.__('Search sessions')}
        value={words}
        onChange={event => setWords(event.target.value)}
      />
      <div
        className="jp-Sessions-kinds"
        role="group"
        aria-label={trans.__('Which sessions')}
      >
        {kinds.map(([which, label]) => (
          <button
            key={which}
            type="button"
            aria-pressed={list.which === which}
            onClick={() => list.look(which, words)}
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

function Found({ list }: { list: SessionList }): JSX.Element {
  const { sessions, trans } = useShared();
  const execute = useCommand();
  const recording = useStore(sessions.recording);
  const presence = useStore(sessions.presence);
  const onRange = React.useCallback(
    (_: number, last: number) => {
      if (last >= list.items.length - 20 && list.more) {
        void list.next();
      }
    },
    [list]
  );
  if (!list.items.length) {
    if (list.problem && !list.loaded) {
      return (
        <Problem
          problem={list.problem}
          onRetry={() => void list.refresh()}
          onLogin={() => execute(CommandIDs.logIn)}
        />
      );
    }
    return list.loaded ? (
      <None list={list} />
    ) : (
      <Loading what={trans.__('Loading the sessions')} />
    );
  }
  return (
    <VirtualList
      label={trans.__('Sessions')}
      count={list.items.length}
      guess={76}
      busy={!list.loaded}
      keyOf={index => list.items[index]?.code ?? index}
      render={index => {
        const session = list.items[index];
        return (
          session && (
            <SessionRow
              session={session}
              recording={recording.activeCode === session.code}
              present={presence.in(session.code)}
            />
          )
        );
      }}
      onRange={onRange}
    />
  );
}

function None({ list }: { list: SessionList }): JSX.Element {
  const { trans } = useShared();
  const execute = useCommand();
  if (list.search.trim()) {
    return (
      <Empty
        title={trans.__('No matching sessions')}
        actions={
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => list.look(list.which, '')}
          >
            {trans.__('Clear search')}
          </button>
        }
      >
        <p>
          {trans.__(
            'The search covers labels, descriptions, owners and codes.'
          )}
        </p>
      </Empty>
    );
  }
  const join = (
    <button
      type="button"
      className="jp-Sessions-button"
      onClick={() => execute(CommandIDs.join)}
    >
      {trans.__('Join by URL')}
    </button>
  );
  if (list.which === 'shared') {
    return (
      <Empty title={trans.__('Nothing shared with you yet')} actions={join}>
        <p>
          {trans.__('When someone shares a session with you, it appears here.')}
        </p>
      </Empty>
    );
  }
  return (
    <Empty
      title={trans.__('No sessions yet')}
      actions={
        <>
          <button
            type="button"
            className="jp-Sessions-button jp-mod-primary"
            onClick={() => execute(CommandIDs.create)}
          >
            {trans.__('New session')}
          </button>
          {join}
        </>
      }
    >
      <p>
        {trans.__(
          'A session is one experiment: the commands with their results, the published files, and the people who have access.'
        )}
      </p>
    </Empty>
  );
}
