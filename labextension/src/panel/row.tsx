import { Session } from '../api/operations';
import { CommandIDs } from '../commands/ids';
import { Avatar, Person, Roles, When } from '../components/pieces';
import { useCommand, useShared } from '../components/shared';
import { removeGuestMark } from '../text/formatting';
import { called } from '../text/labels';
import { stateMeaning } from '../text/roles';

/** A session in the panel. */
export function SessionRow(props: {
  session: Session;
  recording: boolean;
  present: readonly string[];
}): JSX.Element {
  const { session, recording, present } = props;
  const { trans } = useShared();
  const execute = useCommand();
  const last = session.last_command?.trim().split('\n')[0] ?? '';
  const label = called(session, trans);
  return (
    <button
      type="button"
      className="jp-Sessions-session"
      data-row-focus
      data-code={session.code}
      title={session.description || undefined}
      onClick={() => execute(CommandIDs.open, { code: session.code })}
    >
      <span className="jp-Sessions-sessionTop">
        {recording && (
          <span
            className="jp-Sessions-dot jp-mod-recording"
            role="img"
            aria-label={trans.__(
              'The active notebook records into this session'
            )}
            title={trans.__('The active notebook records into this session')}
          />
        )}
        <span className="jp-Sessions-label" title={label}>
          {label}
        </span>
        {session.state !== 'active' && (
          <span
            className={`jp-Sessions-chip jp-mod-${session.state}`}
            title={stateMeaning(session.state, trans)}
          >
            {session.state}
          </span>
        )}
        <span className="jp-Sessions-used">
          <When instant={session.last_used} />
        </span>
      </span>
      <span className="jp-Sessions-last">
        {last ? <code>{last}</code> : trans.__('No commands yet')}
      </span>
      <span className="jp-Sessions-sessionFacts">
        <Person name={session.owner} />
        <Roles roles={session.roles} />
        <Present people={present} />
      </span>
    </button>
  );
}

const SHOWN = 4;

/** The users who have the session open now. */
function Present({
  people
}: {
  people: readonly string[];
}): JSX.Element | null {
  const { trans } = useShared();
  if (!people.length) {
    return null;
  }
  const names = trans.__(
    'Here now: %1',
    people.map(removeGuestMark).join(', ')
  );
  return (
    <span
      className="jp-Sessions-present"
      role="img"
      aria-label={names}
      title={names}
    >
      {people.slice(0, SHOWN).map(name => (
        <Avatar key={name} name={name} />
      ))}
      {people.length > SHOWN && <span>+{people.length - SHOWN}</span>}
    </span>
  );
}
