import { Client } from '../api/client';
import { PolledStore } from './polling';

const LOOK_EVERY = 20_000; // ms
const NOBODY: readonly string[] = [];

/** The other users who have sessions open now. */
export class Presence extends PolledStore {
  constructor(private readonly _client: Client) {
    super(LOOK_EVERY);
  }

  /** The other users in a session, in order of arrival. */
  in(code: string): readonly string[] {
    return this._people.get(code) ?? NOBODY;
  }

  protected async read(): Promise<void> {
    const { here } = await this._client.call('presence.who', {});
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
}
