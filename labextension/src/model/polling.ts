import { IDisposable } from '@lumino/disposable';

import { Store } from './store';

const AT_MOST = 15; // maximum factor of the interval while requests fail

/**
 * Polls repeatedly: less often while requests fail, and not while the page is hidden. When the user
 * returns to the page, or is online again, it polls at once.
 */
export class Polling implements IDisposable {
  /**
   * @param ask - Sends the request; throws if it fails.
   * @param every - The interval in milliseconds.
   */
  constructor(
    private readonly _ask: () => Promise<unknown>,
    private readonly _interval: number
  ) {
    this.start();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Start polling, after a running request has finished. */
  start(): void {
    if (this._running || this._disposed) {
      return;
    }
    this._running = true;
    document.addEventListener('visibilitychange', this._back);
    window.addEventListener('online', this._back);
    this._wait(0);
  }

  /** Stop polling, except by `refresh`. */
  stop(): void {
    this._running = false;
    document.removeEventListener('visibilitychange', this._back);
    window.removeEventListener('online', this._back);
    clearTimeout(this._timer);
  }

  /** Poll now, whatever is running; resolves when the request has succeeded or failed. */
  async refresh(): Promise<void> {
    clearTimeout(this._timer);
    const turn = (this._turn += 1);
    try {
      await this._ask();
      this._failed = 0;
    } catch {
      this._failed += 1; // The caller reports the error.
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
      return this._interval;
    }
    const longer = Math.min(AT_MOST, 2 ** this._failed);
    // Spread the requests of clients that reconnect at the same moment.
    return this._interval * longer * (0.75 + Math.random() / 4);
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

/** A store that is polled. */
export abstract class PolledStore extends Store {
  constructor(every: number) {
    super();
    this._polling = new Polling(() => this.read(), every);
  }

  /** Reload now. */
  refresh(): Promise<void> {
    return this._polling.refresh();
  }

  override dispose(): void {
    this._polling.dispose();
    super.dispose();
  }

  /** Load the data; throws if the request fails. */
  protected abstract read(): Promise<void>;

  private readonly _polling: Polling;
}
