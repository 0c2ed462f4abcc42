import { Poll } from '@lumino/polling';

import { Client } from '../api/client';
import { Store } from './store';

const LOOK_EVERY = 20_000; // ms
const AT_MOST_EVERY = 300_000; // ms, when nothing answers
const NOBODY: readonly string[] = [];

/** Who else has which session open now. */
export class Presence extends Store {
  constructor(private readonly _client: Client) {
    super();
    this._poll = new Poll({
      name: 'jupyter-sessions:presence',
      factory: () => this._read(),
      frequency: { interval: LOOK_EVERY, backoff: true, max: AT_MOST_EVERY },
      standby: 'when-hidden'
    });
  }

  /** The other people in a session, who came first the first. */
  in(code: string): readonly string[] {
    return this._people.get(code) ?? NOBODY;
  }

  /** Ask anew now. */
  async refresh(): Promise<void> {
    await this._poll.refresh();
    await this._poll.tick;
  }

  override dispose(): void {
    this._poll.dispose();
    super.dispose();
  }

  private async _read(): Promise<void> {
    const { here } = await this._client.call('presence.all', {});
    const people = new Map<string, string[]>();
    for (const { session, user, mine } of here) {
      if (session && !mine) {
        const names = people.get(session) ?? [];
        people.set(session, names.includes(user) ? names : [...names, user]);
      }
    }
    if (JSON.stringify([...people]) !== JSON.stringify([...this._people])) {
      this._people = people;
      this.touch();
    }
  }

  private _people: ReadonlyMap<string, readonly string[]> = new Map();
  private readonly _poll: Poll;
}
