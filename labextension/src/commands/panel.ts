import { JupyterFrontEnd } from '@jupyterlab/application';
import { TranslationBundle } from '@jupyterlab/translation';

import { ISessions } from '../tokens';
import { copyAddress } from './copyAddress';
import { failed } from './notifyError';
import { CommandIDs } from './ids';
import { addJoinCommand } from './join';
import { addLoginCommands } from './logins';
import { NOTHING, SESSION } from './schemas';

/** Add the commands that create and manage sessions. */
export function addPanelCommands(
  app: JupyterFrontEnd,
  sessions: ISessions,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const { client, list } = sessions;

  commands.addCommand(CommandIDs.showPanel, {
    label: trans.__('Show Experiments'),
    describedBy: NOTHING,
    execute: () => app.shell.activateById('jupyter-sessions-panel')
  });

  commands.addCommand(CommandIDs.create, {
    label: trans.__('New Session…'),
    caption: trans.__('New session'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          label: { type: 'string', description: trans.__('The label') },
          description: {
            type: 'string',
            description: trans.__('A description')
          }
        }
      }
    },
    execute: async args => {
      const { askNewSession } = await import('../panel/dialogs');
      const { active } = sessions.recording;
      const wanted =
        typeof args.label === 'string'
          ? {
              label: args.label,
              description: String(args.description ?? ''),
              record: false
            }
          : await askNewSession(trans, active?.path ?? null);
      if (!wanted) {
        return null;
      }
      try {
        const session = await client.call('sessions.create', {
          label: wanted.label,
          description: wanted.description
        });
        void list.refresh();
        await commands.execute(CommandIDs.open, { code: session.code });
        if (wanted.record) {
          await commands.execute(CommandIDs.attach, { session: session.code });
        }
        return session.code;
      } catch (error) {
        return failed(trans.__('The session was not created.'), error, trans);
      }
    }
  });

  addJoinCommand(commands, sessions, trans);

  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Sessions'),
    caption: trans.__('Refresh'),
    describedBy: NOTHING,
    execute: () => list.refresh()
  });

  addLoginCommands(app, sessions, trans);

  commands.addCommand(CommandIDs.copyUrl, {
    label: trans.__('Copy Session URL'),
    describedBy: SESSION,
    execute: async args => {
      try {
        const session = await client.call('sessions.get', {
          code: String(args.code)
        });
        const copied = trans.__('The session URL was copied.');
        await copyAddress(client, session.url ?? session.code, copied);
      } catch (error) {
        failed(trans.__('The session URL was not copied.'), error, trans);
      }
    }
  });
}
