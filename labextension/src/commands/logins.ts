import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';

import { ISessions } from '../tokens';
import { formatServer } from '../text/urls';
import { failed } from './notifyError';
import { CommandIDs } from './ids';
import { NOTHING } from './schemas';

const PANEL = 'jupyter-sessions-panel';

/** Add the commands that switch the user. */
export function addLoginCommands(
  app: JupyterFrontEnd,
  sessions: ISessions,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const { client, identity, logins } = sessions;

  commands.addCommand(CommandIDs.switchLogin, {
    label: args => {
      if (!args.login) {
        return trans.__('Switch Login…');
      }
      const who = args.group
        ? trans.__('%1 in %2', String(args.user), String(args.group))
        : String(args.user);
      return args.server
        ? trans.__('Open %1 as %2', formatServer(String(args.server)), who)
        : trans.__('Switch to %1', who);
    },
    caption: args =>
      args.server
        ? trans.__('Its sessions open in a new browser tab, as %1', args.user)
        : trans.__('Use sessions as another user'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          login: {
            type: 'string',
            description: trans.__(
              'The id of a stored login, from `jupyter sessions logins --json`; by default you are asked'
            )
          },
          user: {
            type: 'string',
            description: trans.__('The user of the login')
          },
          group: {
            type: 'string',
            description: trans.__('The group of the login')
          },
          server: {
            type: 'string',
            description: trans.__(
              'The server of the login, if it is not this one'
            )
          }
        }
      }
    },
    isToggled: args =>
      !!args.login &&
      !args.server &&
      identity.user?.via === 'key' &&
      identity.user.name === args.user,
    execute: async args => {
      try {
        if (!args.login) {
          app.shell.activateById(PANEL);
          const { openLoginMenu } = await import('../panel/logins');
          const panel = document.getElementById(PANEL);
          const anchor = panel?.querySelector('.jp-Sessions-me') ?? panel;
          if (anchor) {
            await openLoginMenu(anchor, logins, identity.user, commands, trans);
          }
        } else if (args.server) {
          await opened(logins.link(String(args.login)));
        } else {
          await logins.enter(String(args.login));
        }
      } catch (error) {
        failed(trans.__('The login was not switched.'), error, trans);
      }
    }
  });

  commands.addCommand(CommandIDs.logIn, {
    label: trans.__('Log In as Another…'),
    caption: trans.__(
      'Log in with another account of this server, in a new browser tab'
    ),
    describedBy: NOTHING,
    execute: () => {
      window.open(`${client.page('login')}?again=1`, '_blank', 'noopener');
    }
  });

  commands.addCommand(CommandIDs.leaveLogin, {
    label: args =>
      args.user
        ? trans.__('Log Out of %1', String(args.user))
        : trans.__('Log Out of Sessions'),
    caption: trans.__('Go back to your Jupyter account'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          user: {
            type: 'string',
            description: trans.__('The user who is logged in')
          }
        }
      }
    },
    isEnabled: () => identity.user?.via === 'key',
    execute: async () => {
      try {
        await logins.leave();
      } catch (error) {
        failed(trans.__('You were not logged out.'), error, trans);
      }
    }
  });
  identity.changed.connect(
    () => commands.notifyCommandChanged(CommandIDs.leaveLogin),
    identity
  );
}

/** Open a URL in a new tab, which must be opened within the click's event. */
async function opened(address: Promise<string>): Promise<void> {
  const tab = window.open('', '_blank');
  try {
    const url = await address;
    if (tab) {
      tab.opener = null;
      tab.location.href = url;
    }
  } catch (error) {
    tab?.close();
    throw error;
  }
}
