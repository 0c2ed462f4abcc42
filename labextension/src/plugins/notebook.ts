import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { addNotebookCommands } from '../commands/notebook';
import { addRecordingCommands } from '../commands/recording';
import { NOTHING } from '../commands/schemas';
import { watchCurrentNotebook } from '../notebook/currentNotebook';
import { RecordingItem } from '../notebook/item';
import { CommandMarks } from '../notebook/marks';
import { CommandNumbers } from '../notebook/numbers';
import { ISessions } from '../tokens';
import { SETTINGS } from './settings';

/** Extend notebooks: the recording status, and each cell's command number. */
export const notebookPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:notebook',
  description: 'Shows and changes what a notebook records into.',
  autoStart: true,
  requires: [ISessions, INotebookTracker],
  optional: [
    IToolbarWidgetRegistry,
    ICommandPalette,
    ISettingRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    tracker: INotebookTracker,
    toolbars: IToolbarWidgetRegistry | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    const { commands } = app;
    const shared = { sessions, commands, trans };
    const numbers = new WeakMap<NotebookPanel, CommandNumbers>();
    const marks = new Set<CommandMarks>();
    let shown = true;

    watchCurrentNotebook(tracker, sessions.recording);
    addRecordingCommands(commands, sessions, trans);
    addNotebookCommands(
      app,
      sessions,
      tracker,
      panel => numbers.get(panel),
      trans
    );
    toolbars?.addFactory<NotebookPanel>(
      'Notebook',
      'jupyter-sessions-recording',
      panel => new RecordingItem(shared, panel)
    );
    const watch = (panel: NotebookPanel): void => {
      const of = new CommandNumbers(sessions, panel);
      const mark = new CommandMarks(of);
      mark.visible = shown;
      numbers.set(panel, of);
      marks.add(mark);
      panel.disposed.connect(() => marks.delete(mark), mark);
    };
    tracker.forEach(watch);
    tracker.widgetAdded.connect((_, panel) => watch(panel), sessions);

    const show = (on: boolean): void => {
      shown = on;
      marks.forEach(mark => (mark.visible = on));
    };
    commands.addCommand(CommandIDs.toggleNumbers, {
      label: trans.__('Show Command Numbers on Recorded Cells'),
      describedBy: NOTHING,
      isToggleable: true,
      isToggled: () => shown,
      execute: async () => {
        show(!shown);
        await settings?.set(SETTINGS, 'showCommandNumbers', shown);
      }
    });
    void settings?.load(SETTINGS).then(loaded => {
      const read = (): void =>
        show(loaded.get('showCommandNumbers').composite !== false);
      loaded.changed.connect(read, sessions);
      read();
    });
    for (const command of [
      CommandIDs.attach,
      CommandIDs.pause,
      CommandIDs.detach,
      CommandIDs.showCommand,
      CommandIDs.publishOutput,
      CommandIDs.toggleNumbers
    ]) {
      palette?.addItem({ command, category: trans.__('Experiments') });
    }
  }
};
