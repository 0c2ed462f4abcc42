import { IDisposable } from '@lumino/disposable';

import { Store } from './store';

const AT_MOST = 15; // times as long between two tries, while nothing answers

/**
 * Asks again and again: ever more rarely while nothing answers, and not at all while nobody looks
 * at the page. Who comes back to it, or back online, sees what is new at once.
 */
export class Polling implements IDisposable {
  /**
   * @param ask - Asks; that nothing answered is thrown.
   * @param every - How long to wait in between, in milliseconds.
   */
  constructor(
    private readonly _ask: () => Promise<unknown>,
    private readonly _every: number
  ) {
    this.start();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Ask from now on, as soon as what runs now is done. */
  start(): void {
    if (this._running || this._disposed) {
      return;
    }
    this._running = true;
    document.addEventListener('visibilitychange', this._back);
    window.addEventListener('online', this._back);
    this._wait(0);
  }

  /** Ask no more, but by `refresh`. */
  stop(): void {
    this._running = false;
    document.removeEventListener('visibilitychange', this._back);
    window.removeEventListener('online', this._back);
    clearTimeout(this._timer);
  }

  /** Ask now, whatever else is under way; it has been answered, or not, when this is done. */
  async refresh(): Promise<void> {
    clearTimeout(this._timer);
    const turn = (this._turn += 1);
    try {
      await this._ask();
      this._failed = 0;
    } catch {
      this._failed += 1; // Who asks tells of it.
    }
    if (turn === this._turn) {
      this._wait(this._pause());
    }
  }

  dispose(): void {
    this._disposed = true;
    this.stop();
  }

  private _pause(): number {
    if (!this._failed) {
      return this._every;
    }
    const longer = Math.min(AT_MOST, 2 ** this._failed);
    // Not all who were cut off come back at the same instant.
    return this._every * longer * (0.75 + Math.random() / 4);
  }

  private _wait(pause: number): void {
    clearTimeout(this._timer);
    if (this._running && !document.hidden) {
      this._timer = setTimeout(() => void this.refresh(), pause);
    }
  }

  private readonly _back = (): void => {
    if (document.hidden) {
      clearTimeout(this._timer);
    } else {
      this._wait(0);
    }
  };

  private _running = false;
  private _disposed = false;
  private _failed = 0;
  private _turn = 0;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** A store that is read again and again. */
export abstract class PolledStore extends Store {
  constructor(every: number) {
    super();
    this._polling = new Polling(() => this.read(), every);
  }

  /** Read it anew now. */
  refresh(): Promise<void> {
    return this._polling.refresh();
  }

  override dispose(): void {
    this._polling.dispose();
    super.dispose();
  }

  /** Read it; that nothing answered is thrown. */
  protected abstract read(): Promise<void>;

  private readonly _polling: Polling;
}
