import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { NOTHING } from '../commands/schemas';
import { ISessions } from '../tokens';

/** Add publishing to the file browser. */
export const filesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:files',
  description: 'Publishes files from the file browser.',
  autoStart: true,
  requires: [ISessions, IFileBrowserFactory],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    browsers: IFileBrowserFactory,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    const chosen = () => [
      ...(browsers.tracker.currentWidget?.selectedItems() ?? [])
    ];
    app.commands.addCommand(CommandIDs.publishFiles, {
      label: trans.__('Publish to a Session…'),
      describedBy: NOTHING,
      isEnabled: () => chosen().length > 0,
      execute: async () => {
        const { publishChosen } = await import('../files/publish');
        await publishChosen(app, sessions, chosen(), trans);
      }
    });
    palette?.addItem({
      command: CommandIDs.publishFiles,
      category: trans.__('Experiments')
    });
  }
};
