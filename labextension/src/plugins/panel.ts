import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addPanelCommands } from '../commands/panel';
import { CommandIDs } from '../commands/ids';
import { ExperimentsPanel } from '../panel/panel';
import { ISessions } from '../tokens';

/** Add the side panel, and the commands that need no notebook. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:panel',
  description: 'Adds the side panel of experiments.',
  autoStart: true,
  requires: [ISessions],
  optional: [ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    addPanelCommands(app, sessions, trans);
    const panel = new ExperimentsPanel({
      sessions,
      trans,
      commands: app.commands
    });
    restorer?.add(panel, panel.id);
    app.shell.add(panel, 'left', { rank: 150, type: 'Experiments' });
    for (const command of [
      CommandIDs.showPanel,
      CommandIDs.create,
      CommandIDs.join,
      CommandIDs.refresh,
      CommandIDs.switchLogin,
      CommandIDs.logIn,
      CommandIDs.leaveLogin
    ]) {
      palette?.addItem({ command, category: trans.__('Experiments') });
    }
  }
};
