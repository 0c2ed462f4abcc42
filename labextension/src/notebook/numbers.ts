import { Cell, CodeCell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';

import { CommandSummary, Event as SessionEvent } from '../api/operations';
import { OpenSession } from '../model/session';
import { Store } from '../model/store';
import { ISessions } from '../tokens';
import { pathOf } from './currentNotebook';

const LAST = 200; // commands searched when the user returns to a notebook
const KEPT = 2_000; // commands of one notebook

/**
 * The command numbers of a notebook's cells, while its kernel records into a session.
 *
 * A command records its notebook, its execution count and its source; the newest command that
 * matches a cell in all three belongs to the cell.
 */
export class CommandNumbers extends Store {
  constructor(
    private readonly _sessions: ISessions,
    readonly panel: NotebookPanel
  ) {
    super();
    _sessions.recording.changed.connect(this._look, this);
    panel.sessionContext.kernelChanged.connect(this._look, this);
    panel.context.pathChanged.connect(this._moved, this);
    panel.disposed.connect(this.dispose, this);
    this._moved();
    this._look();
  }

  /** The session on this server into which the notebook records. */
  get code(): string | null {
    return this._open?.code ?? null;
  }

  /** The number of a cell's command, null if unknown. */
  numberOf(cell: Cell | null): number | null {
    const count = cell instanceof CodeCell ? cell.model.executionCount : null;
    if (count === null || !cell) {
      return null;
    }
    const source = cell.model.sharedModel.getSource();
    const found = this._commands.find(
      each =>
        each.execution_count === count &&
        (each.source_cut
          ? source.startsWith(each.source)
          : source === each.source)
    );
    return found?.number ?? null;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._sessions.recording.changed.disconnect(this._look, this);
      this._leave();
      super.dispose();
    }
  }

  private _moved(): void {
    this._paths.add(pathOf(this.panel));
  }

  private _look(): void {
    const kernel = this.panel.sessionContext.session?.kernel?.id;
    const code = this._sessions.recording.codeOf(kernel);
    if (code === this.code) {
      return;
    }
    this._leave();
    if (code !== null) {
      this._open = this._sessions.open.take(code);
      this._open.happened.connect(this._happened, this);
      void this._read(this._open);
    }
    this.touch();
  }

  private async _read(open: OpenSession): Promise<void> {
    try {
      const page = await open.client.call('commands.list', {
        code: open.code,
        limit: LAST
      });
      if (open === this._open) {
        [...page.items].reverse().forEach(each => this._take(each));
      }
    } catch {
      // The numbers of older cells stay unknown; new ones arrive as events.
    }
  }

  private _happened(_: OpenSession, event: SessionEvent): void {
    if (event.command) {
      this._take(event.command);
    }
  }

  private _take(command: CommandSummary): void {
    if (this._paths.has(command.notebook)) {
      const others = this._commands.filter(
        each => each.number !== command.number
      );
      this._commands = [command, ...others]
        .sort((a, b) => b.number - a.number)
        .slice(0, KEPT);
      this.touch();
    }
  }

  private _leave(): void {
    if (this._open) {
      this._open.happened.disconnect(this._happened, this);
      this._sessions.open.release(this._open);
      this._open = null;
    }
    this._commands = [];
  }

  /** The paths of the notebook since it was opened. */
  private readonly _paths = new Set<string>();
  private _open: OpenSession | null = null;
  private _commands: readonly CommandSummary[] = [];
}
