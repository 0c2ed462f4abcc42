import { IStateDB } from '@jupyterlab/statedb';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { Client } from '../api/client';
import { Session } from '../api/operations';

const LOOK_EVERY = 15_000; // ms
const AT_MOST_EVERY = 300_000; // ms, when nothing answers
const MOST = 200;
const KEY = 'jupyter-sessions:seen';

/** Notices when someone shares a session with the user, also while nobody looked. */
export class Shares {
  constructor(
    private readonly _client: Client,
    private readonly _state: IStateDB
  ) {
    this._poll = new Poll({
      name: 'jupyter-sessions:shares',
      factory: () => this.look(),
      frequency: { interval: LOOK_EVERY, backoff: true, max: AT_MOST_EVERY },
      standby: 'when-hidden'
    });
  }

  /** Each session that was not there before. */
  get shared(): ISignal<this, Session> {
    return this._shared;
  }

  /** Look for new ones; the first look at all is where it begins. */
  async look(): Promise<void> {
    const { name } = await this._client.call('logins.show', {});
    const page = await this._client.call('sessions.list', {
      which: 'shared',
      limit: MOST
    });
    const codes = page.items.map(each => each.code);
    const key = `${KEY}:${name}`;
    const seen = (await this._state.fetch(key)) as string[] | undefined;
    if (seen) {
      page.items
        .filter(each => !seen.includes(each.code))
        .forEach(each => this._shared.emit(each));
    }
    if (
      !seen ||
      codes.some(code => !seen.includes(code)) ||
      seen.length > codes.length
    ) {
      await this._state.save(key, codes);
    }
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private readonly _shared = new Signal<this, Session>(this);
  private readonly _poll: Poll;
}
