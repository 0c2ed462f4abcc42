import { CommandIDs } from '../commands/ids';
import { Avatar } from '../components/pieces';
import { useCommand, useShared } from '../components/shared';
import { useStore } from '../model/store';
import { formatServer } from '../text/urls';

/** The current server and user. */
export function Me(): JSX.Element {
  const { sessions, trans } = useShared();
  const identity = useStore(sessions.identity);
  const execute = useCommand();
  const server = new URL(
    sessions.client.settings.baseUrl,
    window.location.href
  );
  const place = formatServer(server.href);
  const { user } = identity;
  return (
    <div className="jp-Sessions-me">
      {user ? (
        <>
          <Avatar name={user.name} />
          <span className="jp-Sessions-meName">
            <strong>{user.display_name || user.name}</strong>
            <span title={server.href}>{place}</span>
          </span>
        </>
      ) : (
        <span className="jp-Sessions-meName">
          <strong>
            {identity.problem?.offline
              ? trans.__('Offline')
              : identity.problem
                ? trans.__('Not logged in')
                : trans.__('Loading your identity')}
          </strong>
          <span title={server.href}>{place}</span>
        </span>
      )}
      <button
        type="button"
        className="jp-Sessions-link"
        aria-haspopup="menu"
        title={trans.__('Switch between your logins, log in, log out')}
        onClick={() => execute(CommandIDs.switchLogin)}
      >
        {trans.__('Switch')}
      </button>
    </div>
  );
}
