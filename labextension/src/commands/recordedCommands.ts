import { Clipboard, InputDialog, Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { ISessions } from '../tokens';
import { copyAddress } from './copyAddress';
import { failed } from './notifyError';
import { CommandIDs } from './ids';
import { COMMAND } from './schemas';
import { buildCommandUrl } from '../text/urls';

/** Add the commands about one recorded command that need no notebook. */
export function addCommandCommands(
  commands: CommandRegistry,
  sessions: ISessions,
  trans: TranslationBundle
): void {
  const { client } = sessions;

  commands.addCommand(CommandIDs.copy, {
    label: trans.__('Copy the Source of a Command'),
    describedBy: COMMAND,
    execute: async args => {
      try {
        const { request } = await client.call(
          'commands.get',
          readCommandArgs(args)
        );
        Clipboard.copyToSystem(request?.source ?? '');
        Notification.success(trans.__('The source was copied.'), {
          autoClose: 2000
        });
      } catch (error) {
        failed(trans.__('The source was not copied.'), error, trans);
      }
    }
  });

  commands.addCommand(CommandIDs.permalink, {
    label: trans.__('Copy the Permalink of a Command'),
    describedBy: COMMAND,
    execute: async args => {
      const { code, number } = readCommandArgs(args);
      try {
        const { url } = await client.call('sessions.get', { code });
        const address = buildCommandUrl(url ?? client.sessionUrl(code), number);
        const copied = trans.__('The permalink was copied.');
        await copyAddress(client, address, copied);
      } catch (error) {
        failed(trans.__('The permalink was not copied.'), error, trans);
      }
    }
  });

  commands.addCommand(CommandIDs.publishCommand, {
    label: trans.__('Publish the Outputs of a Command…'),
    describedBy: COMMAND,
    execute: async args => {
      const { code, number } = readCommandArgs(args);
      try {
        const { response } = await client.call('commands.get', {
          code,
          number
        });
        const { asFile } = await import('../model/publishing');
        const files = (response?.outputs ?? [])
          .map(asFile)
          .filter(file => file !== null);
        if (!files.length) {
          Notification.info(
            trans.__('This command has no output that can be saved as a file.')
          );
          return;
        }
        const asked = await InputDialog.getText({
          title: trans._n(
            'Publish %1 output as',
            'Publish %1 outputs as',
            files.length
          ),
          label: trans.__('The file extension is added automatically.'),
          text: `outputs/command-${number}`,
          okLabel: trans.__('Publish')
        });
        const stem = asked.button.accept ? asked.value?.trim() : '';
        if (!stem) {
          return;
        }
        const { publish } = await import('../model/webspace');
        for (const [index, file] of files.entries()) {
          const path = `${stem}${files.length > 1 ? `-${index + 1}` : ''}${file.ending}`;
          await publish({ client, code }, path, file.content, number);
        }
        Notification.success(
          trans._n(
            '%1 file was published.',
            '%1 files were published.',
            files.length
          ),
          { autoClose: 3000 }
        );
      } catch (error) {
        failed(trans.__('Some files were not published.'), error, trans);
      }
    }
  });
}

/** The recorded command that the arguments identify. */
export function readCommandArgs(args: { [name: string]: unknown }): {
  code: string;
  number: number;
} {
  return { code: String(args.code), number: Number(args.number) };
}
