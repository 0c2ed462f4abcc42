import { IStateDB } from '@jupyterlab/statedb';
import { ISignal, Signal } from '@lumino/signaling';

import { Client } from '../api/client';
import { Session } from '../api/operations';
import { Polling } from './polling';

const LOOK_EVERY = 15_000; // ms
const MOST = 200;
const KEY = 'jupyter-sessions:seen';

/**
 * Detects sessions that others share with the user, also those shared while JupyterLab was closed.
 */
export class Shares {
  constructor(
    private readonly _client: Client,
    private readonly _state: IStateDB
  ) {
    this._polling = new Polling(() => this.look(), LOOK_EVERY);
  }

  /** Emitted for each newly shared session. */
  get shared(): ISignal<this, Session> {
    return this._shared;
  }

  /** Check for new sessions; the very first check sets the baseline. */
  async look(): Promise<void> {
    const { name } = await this._client.call('logins.whoami', {});
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
    this._polling.dispose();
    Signal.clearData(this);
  }

  private readonly _shared = new Signal<this, Session>(this);
  private readonly _polling: Polling;
}
