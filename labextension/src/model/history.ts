import { CommandSummary, Event as SessionEvent } from '../api/operations';
import { Refusal } from '../api/error';
import { OpenSession } from './session';
import { Store } from './store';

/** The filters of a history; without any, it is complete. */
export interface IFilter {
  user: string;
  status: '' | CommandSummary['status'];
  search: string;
  /** Whether to include commands that only manage sessions. */
  managing: boolean;
}

export const EVERYTHING: IFilter = {
  user: '',
  status: '',
  search: '',
  managing: false
};

const WINDOW = 50; // commands for each request
const KEPT = 600; // commands cached on either side of the view

/**
 * The commands of a session, newest first, loaded in windows as they come into view.
 *
 * Without a filter, the position of each command follows from its number, so any window can be
 * loaded at once. Rows of commands that only manage sessions are hidden when they are loaded. With
 * a filter, pages are loaded in order.
 */
export class History extends Store {
  constructor(readonly open: OpenSession) {
    super();
    open.happened.connect(this._take, this);
    open.changed.connect(this._grow, this);
    this._grow();
  }

  filter: IFilter = EVERYTHING;
  problem: Refusal | null = null;

  get filtered(): boolean {
    return !!(
      this.filter.user ||
      this.filter.status ||
      this.filter.search.trim()
    );
  }

  /** The number of rows, as far as known. */
  get count(): number {
    return this.filtered ? this._found.length : this._total;
  }

  /** Whether the first response is pending. */
  get loading(): boolean {
    return this.filtered
      ? this._next === undefined
      : this.open.session === null;
  }

  /** Whether `count` may grow at its end. */
  get more(): boolean {
    return this.filtered && !!this._next;
  }

  /** The number of the command in a row. */
  number(index: number): number {
    return this.filtered ? (this._found[index] ?? 0) : this._total - index;
  }

  /** The row of a command, -1 if there is none. */
  index(number: number): number {
    if (this.filtered) {
      return this._found.indexOf(number);
    }
    return number >= 1 && number <= this._total ? this._total - number : -1;
  }

  /** The command in a row, if loaded. */
  commandAt(index: number): CommandSummary | undefined {
    return this._known.get(this.number(index));
  }

  /** Whether a row is hidden: its command only manages sessions, and these are not requested. */
  hidden(index: number): boolean {
    const command = this.commandAt(index);
    return (
      !!command?.managing &&
      !this.filter.managing &&
      command.number !== this._shown
    );
  }

  /** Whether all commands are hidden. */
  get allHidden(): boolean {
    const { count } = this;
    if (this.filtered || count > this._known.size) {
      return false;
    }
    return (
      count > 0 &&
      Array.from({ length: count }).every((_, index) => this.hidden(index))
    );
  }

  /** The number of loaded rows that are hidden. */
  get leftOut(): number {
    if (this.filtered || this.filter.managing) {
      return 0;
    }
    let left = 0;
    this._known.forEach(({ managing, number }) => {
      left += managing && number !== this._shown ? 1 : 0;
    });
    return left;
  }

  /** Whether all rows are loaded. */
  get complete(): boolean {
    return this.filtered ? !this._next : this._known.size >= this._total;
  }

  /** The number of visible commands after a given command. */
  since(number: number): number {
    const rows = Math.max(0, this._total - number);
    let hidden = 0;
    for (let index = 0; index < Math.min(rows, KEPT); index++) {
      hidden += this.hidden(index) ? 1 : 0;
    }
    return rows - hidden;
  }

  /** Show a command of any kind; return its row, -1 if there is none. */
  reveal(number: number): number {
    if (this.filtered && this.index(number) < 0) {
      this.look({ ...EVERYTHING, managing: this.filter.managing });
    }
    if (this._shown !== number) {
      this._shown = number;
      this.touch();
    }
    return this.index(number);
  }

  /** Change the filters. */
  look(filter: IFilter): void {
    this.filter = filter;
    this._found = [];
    this._next = undefined;
    this.problem = null;
    this._requests += 1;
    this.touch();
    if (this.filtered) {
      void this._page();
    }
  }

  /** Load the commands in these rows. */
  want(first: number, last: number): void {
    if (this.filtered) {
      if (this._next && last >= this._found.length - WINDOW / 2) {
        void this._page();
      }
      return;
    }
    const high = this.number(Math.max(0, first));
    const low = Math.max(1, this.number(Math.min(this._total - 1, last)));
    for (
      let window = Math.ceil(high / WINDOW);
      window * WINDOW > low - 1;
      window--
    ) {
      if (window > 0) {
        void this._window(window, high);
      }
    }
    this._forget(low - KEPT, high + KEPT);
  }

  /** Repeat failed requests. */
  retry(): void {
    this.problem = null;
    this.touch();
    if (this.filtered && this._next === undefined) {
      void this._page();
    }
  }

  override dispose(): void {
    this.open.happened.disconnect(this._take, this);
    this.open.changed.disconnect(this._grow, this);
    super.dispose();
  }

  private async _window(window: number, high: number): Promise<void> {
    const end = Math.min(window * WINDOW, this._total);
    const start = (window - 1) * WINDOW + 1;
    const missing = !this._has(start, Math.min(end, Math.max(high, start)));
    if (this._reading.has(window) || !missing) {
      return;
    }
    this._reading.add(window);
    try {
      // In this list, `after` is the number of the last command on the previous page.
      const page = await this.open.client.call('commands.list', {
        code: this.open.code,
        order: 'newest',
        limit: WINDOW,
        after: String(end + 1)
      });
      page.items.forEach(each => this._known.set(each.number, each));
      this.problem = null;
    } catch (error) {
      this.problem = Refusal.from(error);
    } finally {
      this._reading.delete(window);
    }
    this.touch();
  }

  private _has(start: number, end: number): boolean {
    for (let number = start; number <= end; number++) {
      if (!this._known.has(number)) {
        return false;
      }
    }
    return true;
  }

  private async _page(): Promise<void> {
    if (this._turning === this._requests) {
      return;
    }
    const asked = (this._turning = this._requests);
    try {
      const page = await this.open.client.call('commands.list', {
        code: this.open.code,
        order: 'newest',
        limit: WINDOW,
        user: this.filter.user || null,
        status: this.filter.status || null,
        search: this.filter.search.trim(),
        managing: this.filter.managing,
        after: this._next ?? null
      });
      if (asked !== this._requests) {
        return;
      }
      for (const each of page.items) {
        this._known.set(each.number, each);
        if (!this._found.includes(each.number)) {
          this._found.push(each.number);
        }
      }
      this._next = page.next;
    } catch (error) {
      if (asked === this._requests) {
        this.problem = Refusal.from(error);
      }
    } finally {
      if (asked === this._requests) {
        this._turning = -1;
      }
    }
    this.touch();
  }

  private _take(_: OpenSession, event: SessionEvent): void {
    const command = event.command;
    if (!command) {
      return;
    }
    this._known.set(command.number, command);
    if (this.filtered) {
      const place = this._found.indexOf(command.number);
      const fits = this._fits(command);
      if (
        place < 0 &&
        fits &&
        this._next !== undefined &&
        command.number > (this._found[0] ?? 0)
      ) {
        this._found.unshift(command.number);
      } else if (place >= 0 && !fits) {
        this._found.splice(place, 1);
      }
    } else {
      this._total = Math.max(this._total, command.number);
    }
    this.touch();
  }

  private _fits(command: CommandSummary): boolean {
    const { user, status, search, managing } = this.filter;
    const text = `${command.source}\n${command.preview}`.toLowerCase();
    return (
      (managing || !command.managing) &&
      (!user || command.user === user) &&
      (!status || command.status === status) &&
      search
        .toLowerCase()
        .split(/\s+/)
        .every(word => text.includes(word))
    );
  }

  private _grow(): void {
    const total = this.open.session?.commands ?? 0;
    if (total > this._total) {
      this._total = total;
      this.touch();
    } else if (this.open.session === null && this._total) {
      this._total = 0;
      this._known.clear();
      this.touch();
    }
  }

  private _forget(low: number, high: number): void {
    if (this._known.size > 4 * KEPT) {
      for (const number of this._known.keys()) {
        if (number < low || number > high) {
          this._known.delete(number);
        }
      }
    }
  }

  private _total = 0;
  private _shown = 0;
  private _found: number[] = [];
  private _next: string | null | undefined = undefined;
  private _requests = 0;
  private _turning = -1;
  private readonly _known = new Map<number, CommandSummary>();
  private readonly _reading = new Set<number>();
}
