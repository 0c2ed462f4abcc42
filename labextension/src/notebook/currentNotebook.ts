import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { Recording } from '../model/recording';

/** Track the notebook in front and its kernel for the recording model. */
export function watchCurrentNotebook(
  tracker: INotebookTracker,
  recording: Recording
): void {
  const look = (): void => {
    const panel = tracker.currentWidget;
    const kernel = panel?.sessionContext.session?.kernel;
    recording.active =
      panel && kernel ? { kernel: kernel.id, path: pathOf(panel) } : null;
  };
  tracker.currentChanged.connect(look, recording);
  tracker.widgetAdded.connect((_, panel) => {
    panel.sessionContext.kernelChanged.connect(look, recording);
    panel.context.pathChanged.connect(look, recording);
  }, recording);
  look();
}

/** The path of a notebook on the Jupyter server, without its drive name. */
export function pathOf(panel: NotebookPanel): string {
  const { path } = panel.context;
  return path.slice(path.indexOf(':') + 1);
}
