import { Event as SessionEvent } from '../api/operations';
import { Refusal } from '../api/error';
import { OpenSession } from './session';
import { Store } from './store';

const PAGE = 100;

/** The log of a session, newest first. */
export class Activity extends Store {
  constructor(readonly open: OpenSession) {
    super();
    open.happened.connect(this._take, this);
    void this.next();
  }

  events: readonly SessionEvent[] = [];
  problem: Refusal | null = null;

  /** Whether there are older events to load; null until that is known. */
  more: boolean | null = null;

  /** Load older events. */
  async next(): Promise<void> {
    if (this._reading || this.more === false) {
      return;
    }
    this._reading = true;
    try {
      const page = await this.open.client.call('events.list', {
        code: this.open.code,
        order: 'newest',
        limit: PAGE,
        after: this.events[this.events.length - 1]?.number ?? null
      });
      this.events = merged(this.events, page.items);
      this.more = page.next !== null;
      this.problem = null;
    } catch (error) {
      this.problem = Refusal.from(error);
    } finally {
      this._reading = false;
    }
    this.touch();
  }

  override dispose(): void {
    this.open.happened.disconnect(this._take, this);
    super.dispose();
  }

  private _take(_: OpenSession, event: SessionEvent): void {
    this.events = merged([event], this.events);
    this.touch();
  }

  private _reading = false;
}

function merged(
  newer: readonly SessionEvent[],
  older: readonly SessionEvent[]
): SessionEvent[] {
  const known = new Set(newer.map(event => event.number));
  const all = [...newer, ...older.filter(event => !known.has(event.number))];
  return all.sort((a, b) => b.number - a.number);
}
