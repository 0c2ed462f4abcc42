import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { CommandIDs } from '../commands/ids';
import { Shares } from '../model/shares';
import { ISessions } from '../tokens';
import { briefly } from '../text/labels';
import { SETTINGS } from './settings';

/** Notify the user when someone shares a session with them. */
export const sharingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:sharing',
  description: 'Notifies you when someone shares a session with you.',
  autoStart: true,
  requires: [ISessions, IStateDB],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    state: IStateDB,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    let wanted = true;
    void settings?.load(SETTINGS).then(loaded => {
      const read = (): void => {
        wanted = loaded.get('notifyWhenShared').composite !== false;
      };
      loaded.changed.connect(read, sessions);
      read();
    });
    const shares = new Shares(sessions.client, state);
    shares.shared.connect((_, session) => {
      void sessions.list.refresh();
      if (!wanted) {
        return;
      }
      const label = briefly(session, trans);
      Notification.info(
        trans.__('%1 shared “%2” with you.', session.owner, label),
        {
          autoClose: false,
          actions: [
            {
              label: trans.__('Open'),
              callback: () =>
                void app.commands.execute(CommandIDs.open, {
                  code: session.code
                })
            }
          ]
        }
      );
    }, sessions);
  }
};
