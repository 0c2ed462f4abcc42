import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Client } from './client';
import { Event as SessionEvent } from './operations';

export type LiveState = 'connecting' | 'on' | 'off' | 'ended';

const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 30_000; // ms
// The server's close codes that make a reconnect useless, derived from the HTTP status.
const FINAL = [4401, 4403, 4404];

/** Follows a session's log: reconnects by itself, without lost or repeated events. */
export class Live implements IDisposable {
  constructor(
    private readonly _client: Client,
    private readonly _code: string,
    private _after: number
  ) {
    this._connect();
    window.addEventListener('online', this._retry);
  }

  /** Emitted for each event, in order. */
  get happened(): ISignal<this, SessionEvent> {
    return this._happened;
  }

  /** Emitted when the connection changes; `ended` is final. */
  get stateChanged(): ISignal<this, LiveState> {
    return this._stateChanged;
  }

  get state(): LiveState {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    window.removeEventListener('online', this._retry);
    clearTimeout(this._timer);
    this._socket?.close();
    Signal.clearData(this);
  }

  private _connect(): void {
    this._set('connecting');
    const socket = this._client.follow({
      code: this._code,
      after: this._after
    });
    this._socket = socket;
    socket.onopen = () => {
      this._wait = FIRST_WAIT;
      this._set('on');
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data) as SessionEvent;
      this._after = Math.max(this._after, event.number);
      this._happened.emit(event);
    };
    socket.onclose = ({ code }) => {
      if (this._disposed) {
        return;
      }
      if (FINAL.includes(code)) {
        this._set('ended');
        return;
      }
      this._set('off');
      // Spread the requests of clients that reconnect at the same moment.
      this._timer = setTimeout(
        () => this._connect(),
        this._wait * (0.75 + Math.random() / 2)
      );
      this._wait = Math.min(LONGEST_WAIT, this._wait * 2);
    };
  }

  private readonly _retry = (): void => {
    if (this._state === 'off') {
      clearTimeout(this._timer);
      this._connect();
    }
  };

  private _set(state: LiveState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _disposed = false;
  private _socket: WebSocket | undefined;
  private _state: LiveState = 'off';
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _wait = FIRST_WAIT;
  private readonly _happened = new Signal<this, SessionEvent>(this);
  private readonly _stateChanged = new Signal<this, LiveState>(this);
}
