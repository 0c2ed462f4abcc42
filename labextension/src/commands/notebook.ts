import { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { Cell, CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { CommandNumbers } from '../notebook/numbers';
import { ISessions } from '../tokens';
import { readCommandArgs } from './recordedCommands';
import { failed } from './notifyError';
import { CommandIDs } from './ids';
import { COMMAND, NOTHING } from './schemas';

/** Add the commands that insert into a notebook, or act on one of its cells. */
export function addNotebookCommands(
  app: JupyterFrontEnd,
  sessions: ISessions,
  tracker: INotebookTracker,
  numbersOf: (panel: NotebookPanel) => CommandNumbers | undefined,
  trans: TranslationBundle
): void {
  const { commands } = app;
  const { client } = sessions;

  const insert = async (args: {
    [name: string]: unknown;
  }): Promise<NotebookPanel | null> => {
    const panel = tracker.currentWidget;
    if (!panel) {
      return null;
    }
    const { request } = await client.call(
      'commands.get',
      readCommandArgs(args)
    );
    const { NotebookActions } = await import('@jupyterlab/notebook');
    NotebookActions.insertBelow(panel.content);
    panel.content.activeCell?.model.sharedModel.setSource(
      request?.source ?? ''
    );
    app.shell.activateById(panel.id);
    return panel;
  };

  commands.addCommand(CommandIDs.insert, {
    label: trans.__('Insert a Command into the Active Notebook'),
    describedBy: COMMAND,
    isEnabled: () => tracker.currentWidget !== null,
    execute: args =>
      insert(args).catch(error =>
        failed(trans.__('Nothing was inserted.'), error, trans)
      )
  });

  commands.addCommand(CommandIDs.run, {
    label: trans.__('Run a Command Again in the Active Notebook'),
    describedBy: COMMAND,
    isEnabled: () => tracker.currentWidget !== null,
    execute: async args => {
      try {
        const panel = await insert(args);
        if (panel) {
          const { NotebookActions } = await import('@jupyterlab/notebook');
          await NotebookActions.run(panel.content, panel.sessionContext);
        }
      } catch (error) {
        failed(trans.__('Nothing was run.'), error, trans);
      }
    }
  });

  /** The cell under the pointer or the keyboard focus. */
  const here = (): {
    panel: NotebookPanel;
    cell: Cell;
    code: string;
  } | null => {
    const panel = tracker.currentWidget;
    const node = app.contextMenuHitTest(each =>
      each.classList.contains('jp-Cell')
    );
    const cell =
      panel?.content.widgets.find(each => each.node === node) ??
      panel?.content.activeCell;
    const code = panel && numbersOf(panel)?.code;
    return panel && cell && code ? { panel, cell, code } : null;
  };

  commands.addCommand(CommandIDs.showCommand, {
    label: trans.__('Show This Command in the History'),
    caption: trans.__('Only for recorded cells'),
    describedBy: NOTHING,
    isEnabled: () => {
      const at = here();
      return (
        at !== null && (numbersOf(at.panel)?.numberOf(at.cell) ?? null) !== null
      );
    },
    execute: () => {
      const at = here();
      const command = at && numbersOf(at.panel)?.numberOf(at.cell);
      return command
        ? commands.execute(CommandIDs.open, {
            code: at.code,
            tab: 'history',
            command
          })
        : undefined;
    }
  });

  commands.addCommand(CommandIDs.publishOutput, {
    label: trans.__('Publish This Output…'),
    caption: trans.__('Only for recorded notebooks'),
    describedBy: NOTHING,
    isEnabled: () => {
      const at = here();
      return at?.cell instanceof CodeCell && at.cell.model.outputs.length > 0;
    },
    execute: async () => {
      const at = here();
      if (!(at?.cell instanceof CodeCell)) {
        return;
      }
      const child = app.contextMenuHitTest(each =>
        each.classList.contains('jp-OutputArea-child')
      );
      const index = at.cell.outputArea.widgets.findIndex(
        each => each.node === child
      );
      const { asFile } = await import('../model/publishing');
      const outputs = at.cell.model.outputs;
      const file = asFile(
        outputs.get(index < 0 ? outputs.length - 1 : index).toJSON()
      );
      if (!file) {
        Notification.info(trans.__("This output can't be saved as a file."));
        return;
      }
      const number = numbersOf(at.panel)?.numberOf(at.cell) ?? undefined;
      const asked = await InputDialog.getText({
        title: trans.__('Publish this output as'),
        text: `outputs/${number ? `command-${number}` : 'output'}${file.ending}`,
        okLabel: trans.__('Publish')
      });
      const path = asked.button.accept ? asked.value?.trim() : '';
      if (!path) {
        return;
      }
      try {
        const { publish } = await import('../model/webspace');
        await publish({ client, code: at.code }, path, file.content, number);
        published(app, at.code, path, trans);
      } catch (error) {
        failed(trans.__('The output was not published.'), error, trans);
      }
    }
  });
}

/** Tell the user that a file is published, with a button to show it. */
export function published(
  app: JupyterFrontEnd,
  code: string,
  path: string,
  trans: TranslationBundle
): void {
  Notification.success(trans.__('%1 was published.', path), {
    autoClose: 5000,
    actions: [
      {
        label: trans.__('Show'),
        callback: () =>
          void app.commands.execute(CommandIDs.open, {
            code,
            tab: 'webspace',
            path
          })
      }
    ]
  });
}
