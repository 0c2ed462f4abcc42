import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { ISessions } from '../tokens';
import { briefly } from '../text/labels';
import { isSameServer } from '../text/urls';
import { promptForSession } from './promptForSession';
import { failed } from './notifyError';
import { CommandIDs } from './ids';

/** Add the commands that control a kernel's recording. */
export function addRecordingCommands(
  commands: CommandRegistry,
  sessions: ISessions,
  trans: TranslationBundle
): void {
  const { recording } = sessions;
  const kernelIn = (args: { [name: string]: unknown }): string | null =>
    (args.kernel as string | undefined) ?? recording.active?.kernel ?? null;
  const kernel = {
    type: 'string',
    description: trans.__('The kernel; by default the active one')
  };

  commands.addCommand(CommandIDs.attach, {
    label: args => {
      if (!args.session) {
        return trans.__('Record into Session by URL…');
      }
      return args.label
        ? trans.__('Record into %1', String(args.label))
        : trans.__('Record into This Session');
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          session: {
            type: 'string',
            description: trans.__(
              'Session URL or code; by default you are asked'
            )
          },
          label: {
            type: 'string',
            description: trans.__('The label of the session')
          },
          path: {
            type: 'string',
            description: trans.__('The path of the notebook')
          },
          kernel
        }
      }
    },
    isEnabled: args => kernelIn(args) !== null,
    execute: async args => {
      const id = kernelIn(args);
      const undone = trans.__('Recording did not start.');
      const named = await promptForSession(
        args.session ? String(args.session) : null,
        undone,
        {
          title: trans.__('Record into a session'),
          action: trans.__('Record'),
          joining: false
        },
        trans
      );
      if (!id || named === null) {
        return;
      }
      const path = String(args.path ?? recording.active?.path ?? '');
      try {
        const { user } = sessions.identity;
        const here = sessions.client.settings.baseUrl;
        const attachment = await recording.attach(
          id,
          named.text,
          path,
          user?.via === 'key' && isSameServer(named.reference.server, here)
            ? user.name
            : null
        );
        const label = briefly(attachment, trans);
        Notification.success(trans.__('Recording into %1.', label), {
          autoClose: 3000
        });
        void sessions.list.refresh();
      } catch (error) {
        failed(undone, error, trans);
      }
    }
  });

  const paused = (args: { [name: string]: unknown }): boolean =>
    typeof args.paused === 'boolean'
      ? args.paused
      : recording.attachmentOf(kernelIn(args))?.state !== 'paused';

  commands.addCommand(CommandIDs.pause, {
    label: args =>
      paused(args) ? trans.__('Pause Recording') : trans.__('Resume Recording'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          paused: {
            type: 'boolean',
            description: trans.__('Whether to pause')
          },
          kernel
        }
      }
    },
    isEnabled: args => recording.attachmentOf(kernelIn(args)) !== null,
    execute: async args => {
      const id = kernelIn(args);
      try {
        await (id && recording.pause(id, paused(args)));
      } catch (error) {
        failed(trans.__('The recording was not changed.'), error, trans);
      }
    }
  });

  commands.addCommand(CommandIDs.detach, {
    label: trans.__('Stop Recording'),
    describedBy: { args: { type: 'object', properties: { kernel } } },
    isEnabled: args => recording.attachmentOf(kernelIn(args)) !== null,
    execute: async args => {
      const id = kernelIn(args);
      try {
        await (id && recording.detach(id));
      } catch (error) {
        failed(trans.__('The recording was not stopped.'), error, trans);
      }
    }
  });
  recording.changed.connect(() => {
    [CommandIDs.attach, CommandIDs.pause, CommandIDs.detach].forEach(id =>
      commands.notifyCommandChanged(id)
    );
  }, recording);
}
