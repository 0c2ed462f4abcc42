import * as React from 'react';

import { Event as SessionEvent } from '../../api/operations';
import { VirtualList } from '../../components/virtual';
import { useOwned } from '../../components/owned';
import { Person, When } from '../../components/pieces';
import { useShared } from '../../components/shared';
import { Loading, Problem } from '../../components/states';
import { Activity } from '../../model/activity';
import { IPart } from '../part';
import { sentence } from './sentence';

/** Everything that happened in a session, newest first. */
export function ActivityTab({ open, go }: IPart): JSX.Element {
  const { trans } = useShared();
  const activity = useOwned(Activity, open);
  const { events, problem } = activity;
  const onRange = React.useCallback(
    (_: number, last: number) => {
      if (last >= activity.events.length - 20) {
        void activity.next();
      }
    },
    [activity]
  );
  if (!events.length) {
    return problem ? (
      <Problem problem={problem} onRetry={() => void activity.next()} />
    ) : (
      <Loading what={trans.__('Loading the activity')} />
    );
  }
  return (
    <>
      {problem && (
        <Problem problem={problem} onRetry={() => void activity.next()} />
      )}
      <VirtualList
        label={trans.__('Activity')}
        className="jp-SessionsActivity"
        count={events.length}
        guess={34}
        keyOf={index => events[index]?.number ?? -index}
        render={index => {
          const event = events[index];
          return event && <Happened event={event} go={go} />;
        }}
        onRange={onRange}
      />
    </>
  );
}

function Happened(props: {
  event: SessionEvent;
  go: IPart['go'];
}): JSX.Element {
  const { event, go } = props;
  const { trans } = useShared();
  const { words, command, path, detail } = sentence(event, trans);
  return (
    <div className="jp-SessionsActivity-event">
      <span className="jp-Sessions-figure">{event.number}</span>
      <span className="jp-SessionsActivity-says">
        <Person name={event.user} really={event.real_user} /> {words}{' '}
        {command !== undefined && (
          <button
            type="button"
            className="jp-Sessions-link"
            onClick={() => go({ tab: 'history', command })}
          >
            {trans.__('command %1', command)}
          </button>
        )}
        {path && (
          <button
            type="button"
            className="jp-Sessions-link"
            onClick={() => go({ tab: 'webspace', path })}
          >
            {path}
          </button>
        )}{' '}
        {detail && <span className="jp-Sessions-soft">{detail}</span>}
      </span>
      <When instant={event.at} />
    </div>
  );
}
