import { Client, RequestOf } from '../api/client';
import { Session } from '../api/operations';
import { Refusal } from '../api/error';
import { PolledStore } from './polling';

export type Which = NonNullable<RequestOf<'sessions.list'>['which']>;

const PAGE = 100;
const LOOK_EVERY = 10_000; // ms; no WebSocket reports sessions that are not known yet

/** The sessions in which the user has a role, most recently used first, loaded page by page. */
export class SessionList extends PolledStore {
  constructor(private readonly _client: Client) {
    super(LOOK_EVERY);
  }

  items: Session[] = [];
  which: Which = 'all';
  search = '';

  /** Why there is no list, or it may be out of date. */
  problem: Refusal | null = null;

  /** Whether the present search has been answered. */
  loaded = false;

  get more(): boolean {
    return this._next !== null;
  }

  /** Change the search. */
  look(which: Which, search: string): void {
    this.which = which;
    this.search = search;
    this._requests += 1;
    this.loaded = false;
    this.touch();
    void this.refresh();
  }

  /** Start again: the user may have changed. */
  restart(): void {
    this.items = [];
    this._next = null;
    this.look(this.which, this.search);
  }

  /** Load the next page. */
  async next(): Promise<void> {
    if (this._next === null || this._turning) {
      return;
    }
    this._turning = true;
    const asked = this._requests;
    try {
      const page = await this._page(this._next);
      if (asked === this._requests) {
        const known = new Set(this.items.map(each => each.code));
        this.items = [
          ...this.items,
          ...page.items.filter(each => !known.has(each.code))
        ];
        this._next = page.next;
      }
    } catch (error) {
      this.problem = Refusal.from(error);
    } finally {
      this._turning = false;
      this.touch();
    }
  }

  protected async read(): Promise<void> {
    const asked = this._requests;
    try {
      const page = await this._page(null);
      if (asked !== this._requests) {
        return;
      }
      // Pages loaded further down stay, below more recently used sessions.
      const fresh = new Set(page.items.map(each => each.code));
      const kept =
        page.next === null
          ? []
          : this.items.filter(each => !fresh.has(each.code));
      const whole =
        this.loaded && kept.length + page.items.length >= this.items.length;
      this.items = whole ? [...page.items, ...kept.slice(0)] : page.items;
      this._next = whole && kept.length ? this._next : page.next;
      this.problem = null;
      this.loaded = true;
    } catch (error) {
      if (asked !== this._requests) {
        return;
      }
      this.problem = Refusal.from(error);
      this.touch();
      throw error;
    }
    this.touch();
  }

  private _page(after: string | null) {
    return this._client.call('sessions.list', {
      which: this.which,
      search: this.search.trim(),
      limit: PAGE,
      after
    });
  }

  private _next: string | null = null;
  private _requests = 0;
  private _turning = false;
}
