import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Client } from '../api/client';
import { addCommandCommands } from '../commands/recordedCommands';
import { CommandIDs } from '../commands/ids';
import type { IPlace } from '../session/part';
import type { SessionWidget } from '../session/widget';
import { ISessions } from '../tokens';
import { buildCommandUrl, buildFileUrl } from '../text/urls';

/** Show sessions in the main area. */
export const tabPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:tab',
  description: 'Opens sessions in the main area.',
  autoStart: true,
  requires: [ISessions, IRenderMimeRegistry],
  optional: [ILabShell, IEditorLanguageRegistry, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    rendermime: IRenderMimeRegistry,
    lab: ILabShell | null,
    languages: IEditorLanguageRegistry | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    const tracker = new WidgetTracker<MainAreaWidget<SessionWidget>>({
      namespace: 'jupyter-sessions'
    });
    commands.addCommand(CommandIDs.open, {
      label: trans.__('Open Session'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            code: {
              type: 'string',
              description: trans.__("The session's code")
            },
            tab: {
              type: 'string',
              enum: ['history', 'webspace', 'members', 'activity'],
              description: trans.__('The part to open')
            },
            command: {
              type: 'integer',
              description: trans.__('A command to go to')
            },
            path: {
              type: 'string',
              description: trans.__('A file of the web space')
            }
          },
          required: ['code']
        }
      },
      execute: async args => {
        const code = String(args.code);
        const place = placeIn(args);
        const opened = tracker.find(each => each.content.code === code);
        if (opened) {
          if (args.tab || args.command) {
            opened.content.go(place);
          }
          shell.activateById(opened.id);
          return;
        }
        if (!lab) {
          // Notebook 7 shows one document at a time; the session's web page shows the same.
          window.open(
            pageOf(sessions.client, code, place),
            '_blank',
            'noopener'
          );
          return;
        }
        const { SessionWidget } = await import('../session/widget');
        const content = new SessionWidget(
          code,
          { sessions, trans, commands, languages },
          rendermime,
          place
        );
        const widget = new MainAreaWidget({ content });
        widget.id = `jupyter-sessions-${code}`;
        widget.toolbar.hide();
        content.moved.connect(() => void tracker.save(widget), widget);
        await tracker.add(widget);
        shell.add(widget, 'main', { type: 'Session' });
        shell.activateById(widget.id);
      }
    });
    addCommandCommands(commands, sessions, trans);
    void restorer?.restore(tracker, {
      command: CommandIDs.open,
      args: ({ content }) => ({ code: content.code, ...content.place }),
      name: ({ content }) => content.code
    });
  }
};

function placeIn(args: { [name: string]: unknown }): IPlace {
  const tab = (args.tab as IPlace['tab'] | undefined) ?? 'history';
  return {
    tab,
    ...(args.command ? { command: Number(args.command) } : {}),
    ...(args.path ? { path: String(args.path) } : {})
  };
}

function pageOf(client: Client, code: string, place: IPlace): string {
  const { command, path } = place;
  const url = client.sessionUrl(code);
  if (command) {
    return buildCommandUrl(url, command);
  }
  return path ? buildFileUrl(url, path) : url;
}
