import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { ISessions } from '../tokens';
import { formatRoles } from '../text/formatting';
import { briefly } from '../text/labels';
import {
  buildInvitationUrl,
  buildSessionUrl,
  formatServer,
  getServer,
  isSameServer,
  Reference
} from '../text/urls';
import { promptForSession } from './promptForSession';
import { failed } from './notifyError';
import { CommandIDs } from './ids';

/** Add the command that opens a pasted reference or invitation. */
export function addJoinCommand(
  commands: CommandRegistry,
  sessions: ISessions,
  trans: TranslationBundle
): void {
  commands.addCommand(CommandIDs.join, {
    label: trans.__('Join Session by URL…'),
    caption: trans.__('Join a session by its URL'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          session: {
            type: 'string',
            description: trans.__('Session URL or code, or an invitation')
          }
        }
      }
    },
    execute: async args => {
      const undone = trans.__('The session was not joined.');
      const named = await promptForSession(
        typeof args.session === 'string' ? args.session : null,
        undone,
        {
          title: trans.__('Join a session'),
          action: trans.__('Join'),
          joining: true
        },
        trans
      );
      if (named === null) {
        return null;
      }
      const { reference } = named;
      const { client, list } = sessions;
      const here = client.settings.baseUrl;
      if (
        !isSameServer(reference.server, here, getServer(list.items[0]?.url))
      ) {
        return elsewhere(reference, reference.server ?? '', here, trans);
      }
      try {
        const place =
          reference.kind === 'invitation'
            ? await accepted(reference.key, sessions, trans)
            : await found(reference, sessions);
        void list.refresh();
        return place && (await commands.execute(CommandIDs.open, place));
      } catch (error) {
        return failed(undone, error, trans);
      }
    }
  });
}

interface IFound {
  [name: string]: string | number | undefined;
  code: string;
}

async function found(
  reference: Reference & { kind: 'session' },
  { client }: ISessions
): Promise<IFound> {
  const { code } = await client.call('sessions.get', { code: reference.code });
  const { command, path } = reference;
  return {
    code,
    ...(command && { tab: 'history', command }),
    ...(path && { tab: 'webspace', path })
  };
}

/** Show the session that an invitation opens, and join it if the user agrees. */
async function accepted(
  key: string,
  { client }: ISessions,
  trans: TranslationBundle
): Promise<IFound | null> {
  let invited;
  try {
    invited = await client.call('invitations.look', { key });
  } catch (error) {
    // A user who has joined by it before is a member, though it may be used up.
    const joined = await client
      .call('invitations.join', { key })
      .catch(() => null);
    if (!joined) {
      throw error;
    }
    return { code: joined.session.code };
  }
  const label = briefly(invited, trans);
  const answer = await showDialog({
    title: trans.__('Join “%1”?', label),
    body: trans.__(
      '%1 invites you to this session of %2. You will have the roles: %3.',
      invited.made_by,
      invited.owner,
      formatRoles(invited.roles)
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Join') })
    ]
  });
  if (!answer.button.accept) {
    return null;
  }
  const { session } = await client.call('invitations.join', { key });
  return { code: session.code };
}

/** Name the invitation's server, and offer to open it there. */
async function elsewhere(
  reference: Reference & { kind: 'session' | 'invitation' },
  server: string,
  here: string,
  trans: TranslationBundle
): Promise<null> {
  const [there, this_] = [formatServer(server), formatServer(here)];
  const invitation = reference.kind === 'invitation';
  const answer = await showDialog({
    title: invitation
      ? trans.__('The invitation is to %1', there)
      : trans.__('The session is at %1', there),
    body: invitation
      ? trans.__(
          "It can't be used on this server, %1. Open it in the browser, and join there.",
          this_
        )
      : trans.__(
          'This server, %1, does not have it. To see it, open it in the browser and log in there. To record a notebook into it, log in once with “%session login %2”, then choose “Record into Session by URL…”.',
          this_,
          there
        ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Open in Browser') })
    ]
  });
  if (answer.button.accept) {
    // Browsers never send the part behind the #: the page there reads the key from it.
    const url = invitation
      ? buildInvitationUrl(server, reference.key)
      : buildSessionUrl(server, reference.code);
    window.open(url, '_blank', 'noopener');
  }
  return null;
}
