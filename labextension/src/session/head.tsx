import { Session } from '../api/operations';
import { CommandIDs } from '../commands/ids';
import { linkIcon } from '../components/icons';
import { Act, Avatar, Person, Roles } from '../components/pieces';
import { useCommand, useShared } from '../components/shared';
import { OpenSession } from '../model/session';
import { useStore } from '../model/store';
import { removeGuestMark } from '../text/formatting';
import { called } from '../text/labels';
import { stateMeaning } from '../text/roles';

/** The heading of a session: its name, owner and state. */
export function SessionHead(props: {
  open: OpenSession;
  session: Session;
}): JSX.Element {
  const { open, session } = props;
  const { sessions, trans } = useShared();
  const execute = useCommand();
  const label = called(session, trans);
  const present = useStore(sessions.presence).in(session.code);
  const names = present.map(removeGuestMark).join(', ');
  return (
    <header className="jp-SessionsTab-head">
      <div className="jp-SessionsTab-title">
        <h2 title={label}>{label}</h2>
        <LiveSign open={open} />
      </div>
      {session.description && (
        <p className="jp-SessionsTab-description">{session.description}</p>
      )}
      {session.message && (
        <p className="jp-SessionsTab-message">{session.message}</p>
      )}
      <div className="jp-SessionsTab-facts">
        <span className="jp-Sessions-pair">
          <span className="jp-Sessions-soft">{trans.__('Owner')}</span>
          <Person name={session.owner} />
        </span>
        <span className="jp-Sessions-pair">
          <span className="jp-Sessions-soft">{trans.__('Your roles')}</span>
          <Roles roles={session.roles} />
        </span>
        {present.length > 0 && (
          <span className="jp-Sessions-pair" title={names}>
            <span className="jp-Sessions-soft">{trans.__('Here now')}</span>
            {present.slice(0, 6).map(name => (
              <Avatar key={name} name={name} title={removeGuestMark(name)} />
            ))}
            <span className="jp-Sessions-hidden">{names}</span>
          </span>
        )}
        <Act
          icon={linkIcon}
          label={trans.__('Copy the session URL')}
          text={trans.__('Copy URL')}
          onClick={() => execute(CommandIDs.copyUrl, { code: session.code })}
        />
      </div>
      {session.state !== 'active' && (
        <p className="jp-SessionsTab-notice">
          <strong>{session.state}</strong> {stateMeaning(session.state, trans)}
        </p>
      )}
    </header>
  );
}

function LiveSign({ open }: { open: OpenSession }): JSX.Element {
  const { trans } = useShared();
  const words = {
    connecting: trans.__('Connecting'),
    on: trans.__('Live'),
    off: trans.__('Connection lost. Trying again…'),
    ended: trans.__('Not live')
  }[open.live];
  return (
    <span className={`jp-Sessions-live jp-mod-${open.live}`} role="status">
      {words}
    </span>
  );
}
