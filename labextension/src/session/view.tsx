import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import * as React from 'react';

import { CommandIDs } from '../commands/ids';
import { useCommand, useShared } from '../components/shared';
import { Empty, Loading, Problem } from '../components/states';
import { OpenSession } from '../model/session';
import { useStore } from '../model/store';
import { ActivityTab } from './activity/tab';
import { SessionHead } from './head';
import { HistoryTab } from './history/tab';
import { MembersTab } from './members/tab';
import { IPart, Tab } from './part';
import { WebSpaceTab } from './webspace/tab';

/** A session: its heading, and one of its tabs. */
export function SessionView(
  props: IPart & { rendermime: IRenderMimeRegistry }
): JSX.Element {
  const { place, go } = props;
  const open = useStore(props.open);
  const { trans } = useShared();
  const execute = useCommand();
  const id = React.useId();
  if (!open.session) {
    const problem = open.problem;
    if (!problem) {
      return <Loading what={trans.__('Opening the session')} />;
    }
    if (problem.missing) {
      return <Gone open={open} />;
    }
    return (
      <Problem
        problem={problem}
        onRetry={() => void open.load()}
        onLogin={() => execute(CommandIDs.logIn)}
      />
    );
  }
  const parts: Record<Tab, () => JSX.Element> = {
    history: () => <HistoryTab {...props} />,
    webspace: () => <WebSpaceTab {...props} />,
    members: () => <MembersTab {...props} />,
    activity: () => <ActivityTab {...props} />
  };
  return (
    <>
      <SessionHead open={open} session={open.session} />
      <Tabs id={id} open={open} place={place} go={go} />
      {open.problem && (
        <Problem problem={open.problem} onRetry={() => void open.load()} />
      )}
      <div
        className="jp-SessionsTab-part"
        role="tabpanel"
        id={`${id}-part`}
        aria-labelledby={`${id}-${place.tab}`}
      >
        {parts[place.tab]()}
      </div>
    </>
  );
}

function Tabs(props: IPart & { id: string }): JSX.Element {
  const { id, open, place, go } = props;
  const { trans } = useShared();
  const tabs: [Tab, string, number | null][] = [
    ['history', trans.__('History'), open.session?.commands ?? 0],
    ['webspace', trans.__('Web space'), null],
    ['members', trans.__('Members'), open.session?.members ?? 0],
    ['activity', trans.__('Activity'), null]
  ];
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) {
      event.preventDefault();
      const at = tabs.findIndex(([tab]) => tab === place.tab);
      const to = tabs[(at + by + tabs.length) % tabs.length]?.[0] ?? 'history';
      go({ tab: to });
      document.getElementById(`${id}-${to}`)?.focus();
    }
  };
  return (
    <div
      className="jp-SessionsTab-tabs"
      role="tablist"
      aria-label={trans.__('Parts of the session')}
      onKeyDown={onKeyDown}
    >
      {tabs.map(([tab, label, figure]) => (
        <button
          key={tab}
          type="button"
          role="tab"
          id={`${id}-${tab}`}
          aria-selected={place.tab === tab}
          aria-controls={`${id}-part`}
          tabIndex={place.tab === tab ? 0 : -1}
          onClick={() => go({ tab })}
        >
          {label}
          {figure !== null && (
            <span className="jp-Sessions-figure">
              {figure.toLocaleString()}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

/** Shown when the user has lost their role while viewing, just as when they never had one. */
function Gone({ open }: { open: OpenSession }): JSX.Element {
  const { trans } = useShared();
  const execute = useCommand();
  return (
    <Empty
      title={trans.__('You do not have access to this session')}
      actions={
        <>
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => void open.load()}
          >
            {trans.__('Try again')}
          </button>
          <button
            type="button"
            className="jp-Sessions-button"
            onClick={() => execute(CommandIDs.switchLogin)}
          >
            {trans.__('Switch login')}
          </button>
        </>
      }
    >
      <p>
        {trans.__(
          'It was removed or disabled, your role was revoked, or it never existed. Ask its owner for a role, or log in with another account.'
        )}
      </p>
    </Empty>
  );
}
