import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';

import { Shared, useShared } from '../components/shared';
import { useStore } from '../model/store';
import { Recorded } from '../notebook/item';
import { ISessions } from '../tokens';

/** Show the active notebook's recording status and waiting commands in the status bar. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:status',
  description: 'Shows the recording in the status bar.',
  autoStart: true,
  requires: [ISessions],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    bar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (!bar) {
      return; // Notebook 7 has no status bar; its toolbar shows the same.
    }
    const trans = (translator ?? nullTranslator).load('jupyter_sessions');
    const item = ReactWidget.create(
      <Shared.Provider value={{ sessions, trans, commands: app.commands }}>
        <InFront />
      </Shared.Provider>
    );
    item.addClass('jp-SessionsRecording');
    bar.registerStatusItem('jupyter-sessions:recording', {
      item,
      align: 'left',
      rank: 3,
      priority: 1, // keep it in narrow windows
      isActive: () => sessions.recording.active !== null,
      activeStateChanged: sessions.recording.changed as never
    });
  }
};

function InFront(): JSX.Element | null {
  const { sessions } = useShared();
  const { active } = useStore(sessions.recording);
  return active && <Recorded kernel={active.kernel} path={active.path} />;
}
