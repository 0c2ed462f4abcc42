import { Client } from '../api/client';
import { StoredLogin } from '../api/operations';
import { Refusal } from '../api/error';
import { Identity } from './identity';

const MOST = 500; // logins in one request
const OFFERED = 12;

/** The logins stored where the Jupyter server runs, and switching between them. */
export class Logins {
  constructor(
    private readonly _client: Client,
    private readonly _identity: Identity
  ) {}

  /**
   * The logins to which the user can switch: the newest of each, without ended ones. They are only
   * available to the user who runs the Jupyter server.
   */
  async offered(): Promise<StoredLogin[]> {
    let page;
    try {
      page = await this._client.call('storedlogins.list', { limit: MOST });
    } catch (error) {
      const refusal = Refusal.from(error);
      if ([401, 403, 404].includes(refusal.status)) {
        return [];
      }
      throw refusal;
    }
    const newest = new Map<string, StoredLogin>();
    for (const each of page.items.filter(each => each.state === 'stored')) {
      const { server, here, user, real_user, group } = each;
      const key = JSON.stringify([here || server, user, real_user, group]);
      newest.set(key, newest.get(key) ?? each);
    }
    return [...newest.values()].slice(0, OFFERED);
  }

  /** Switch to the user of a stored login of this server. */
  async enter(id: string): Promise<void> {
    const { ticket } = await this._client.call('storedlogins.link', { id });
    await this._client.enter(ticket);
    await this._identity.look();
  }

  /** Return a one-time link to another server's pages, as the user of a stored login. */
  async link(id: string): Promise<string> {
    return (await this._client.call('storedlogins.link', { id })).url;
  }

  /** Switch back to the Jupyter server's user. */
  async leave(): Promise<void> {
    try {
      await this._client.call('logins.logout', {});
    } catch (error) {
      // A login that has already ended is left, too.
      if (Refusal.from(error).status !== 401) {
        throw error;
      }
    }
    await this._identity.look();
  }
}
