import { NotebookPanel } from '@jupyterlab/notebook';
import { ReactWidget } from '@jupyterlab/ui-components';

import { Attachment } from '../api/operations';
import { IShared, Shared, useShared } from '../components/shared';
import { useStore } from '../model/store';
import { briefly } from '../text/labels';
import { pathOf } from './currentNotebook';
import { openRecordingMenu } from './menu';

/** The notebook toolbar's recording status, with a menu. */
export class RecordingItem extends ReactWidget {
  constructor(
    private readonly _shared: IShared,
    private readonly _panel: NotebookPanel
  ) {
    super();
    this.addClass('jp-SessionsRecording');
    this._panel.sessionContext.kernelChanged.connect(() => this.update(), this);
  }

  protected render(): JSX.Element {
    const kernel = this._panel.sessionContext.session?.kernel?.id ?? null;
    return (
      <Shared.Provider value={this._shared}>
        <Recorded kernel={kernel} path={pathOf(this._panel)} />
      </Shared.Provider>
    );
  }
}

/** The recording status of one kernel, in one line. */
export function Recorded(props: {
  kernel: string | null;
  path: string;
}): JSX.Element {
  const { kernel, path } = props;
  const { sessions, commands, trans } = useShared();
  const attachment = useStore(sessions.recording).attachmentOf(kernel);
  const words = attachment
    ? briefly(attachment, trans)
    : trans.__('Not recorded');
  const title = explained(attachment, kernel, trans);
  return (
    <button
      type="button"
      className="jp-SessionsRecording-button"
      aria-haspopup="menu"
      aria-label={trans.__('Recording: %1. %2', words, title)}
      aria-disabled={kernel === null ? true : undefined}
      title={title}
      onClick={event => {
        if (kernel !== null) {
          const anchor = event.currentTarget;
          openRecordingMenu(anchor, sessions, commands, trans, kernel, path);
        }
      }}
    >
      <span
        className={`jp-Sessions-dot jp-mod-${attachment?.state ?? 'none'}`}
      />
      <span className="jp-SessionsRecording-label">{words}</span>
      {attachment?.state === 'paused' && <span>{trans.__('paused')}</span>}
      {!!attachment?.waiting && (
        <span>{trans.__('%1 waiting', attachment.waiting)}</span>
      )}
    </button>
  );
}

function explained(
  attachment: Attachment | null,
  kernel: string | null,
  trans: IShared['trans']
): string {
  if (kernel === null) {
    return trans.__('Start a kernel to record it.');
  }
  if (!attachment) {
    return trans.__(
      'This notebook is not recorded. Choose a session to record into.'
    );
  }
  if (attachment.problem) {
    return attachment.problem;
  }
  switch (attachment.state) {
    case 'paused':
      return trans.__(
        'Recording is paused. Cells that you run now are not recorded.'
      );
    case 'waiting':
      return trans.__(
        'Commands wait on this server until the session accepts them.'
      );
    case 'ended':
      return trans.__('The recording has ended.');
    case 'recording':
      return trans.__(
        'Cells that you run here are recorded, with their outputs.'
      );
  }
}
