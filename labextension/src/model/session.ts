import { ISignal, Signal } from '@lumino/signaling';

import { Client } from '../api/client';
import { Live, LiveState } from '../api/live';
import { Event as SessionEvent, Session } from '../api/operations';
import { Refusal } from '../api/error';
import { Store } from './store';

export type Role = Session['roles'][number];

/** An open session: its present attributes and its log as it grows. */
export class OpenSession extends Store {
  constructor(
    readonly client: Client,
    readonly code: string
  ) {
    super();
    void this.load();
  }

  /** The session; null until it is loaded, and after it is gone. */
  session: Session | null = null;

  /** Why the session can't be shown, or may be out of date. */
  problem: Refusal | null = null;

  /** Whether events are received. */
  live: LiveState = 'connecting';

  /** Emitted for each new event of the session's log. */
  get happened(): ISignal<this, SessionEvent> {
    return this._happened;
  }

  /** Whether the user's roles allow what needs `role`. */
  has(role: Role): boolean {
    return this.session?.roles.includes(role) ?? false;
  }

  /** Load the session, and follow it. */
  async load(): Promise<void> {
    try {
      this.session = await this.client.call('sessions.get', {
        code: this.code
      });
      this.problem = null;
    } catch (error) {
      this.problem = Refusal.from(error);
      if (this.problem.missing) {
        this.session = null;
      } else {
        this._again();
      }
    }
    if (this.isDisposed) {
      return;
    }
    if (this.session && (!this._live || this._live.state === 'ended')) {
      this._follow(this.session.events);
    }
    this.touch();
  }

  /** Start again: the user may have changed. */
  restart(): void {
    this._live?.dispose();
    this._live = null;
    void this.load();
  }

  override dispose(): void {
    clearTimeout(this._timer);
    this._live?.dispose();
    super.dispose();
  }

  private _follow(after: number): void {
    this._live?.dispose();
    const live = new Live(this.client, this.code, after);
    this._live = live;
    live.happened.connect((_, event) => this._take(event), this);
    live.stateChanged.connect((_, state) => {
      const back = state === 'on' && this.live === 'off';
      this.live = state;
      this.touch();
      if (state === 'ended' || back) {
        void this.load();
      }
    }, this);
    this.live = live.state;
  }

  private _take(event: SessionEvent): void {
    if (this.session) {
      const commands = Math.max(
        this.session.commands,
        event.command?.number ?? 0
      );
      this.session = { ...this.session, commands, events: event.number };
    }
    if (/^(session|member|group)\./.test(event.kind)) {
      this._again(RELOAD_AFTER);
    }
    this._happened.emit(event);
    this.touch();
  }

  private _again(after: number = RETRY_AFTER): void {
    clearTimeout(this._timer);
    if (!this.isDisposed) {
      this._timer = setTimeout(() => void this.load(), after);
    }
  }

  private _live: Live | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _happened = new Signal<this, SessionEvent>(this);
}

/** The open sessions, one object for each. */
export class OpenSessions {
  constructor(private readonly _client: Client) {}

  /** Open a session; the caller has to release it again. */
  take(code: string): OpenSession {
    const held = this._held.get(code) ?? {
      session: new OpenSession(this._client, code),
      holders: 0
    };
    held.holders += 1;
    this._held.set(code, held);
    return held.session;
  }

  release(session: OpenSession): void {
    const held = this._held.get(session.code);
    if (held && (held.holders -= 1) === 0) {
      this._held.delete(session.code);
      held.session.dispose();
    }
  }

  /** Reload all sessions, perhaps as another user. */
  reload(): void {
    this._held.forEach(({ session }) => session.restart());
  }

  private readonly _held = new Map<
    string,
    { session: OpenSession; holders: number }
  >();
}

const RETRY_AFTER = 5_000; // ms
const RELOAD_AFTER = 150; // ms: several changes cause one reload
