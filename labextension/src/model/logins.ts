import { Client } from '../api/client';
import { StoredLogin } from '../api/operations';
import { Refusal } from '../api/error';
import { Identity } from './identity';

const MOST = 500; // read at once
const OFFERED = 12;

/** The logins that are stored where the Jupyter server runs, and changing between them. */
export class Logins {
  constructor(
    private readonly _client: Client,
    private readonly _identity: Identity
  ) {}

  /**
   * Those that one may switch to: each only once, the newest, and none that has ended. They are
   * for the one who runs the Jupyter server; all others have none here.
   */
  async offered(): Promise<StoredLogin[]> {
    let page;
    try {
      page = await this._client.call('storedlogins.list', { limit: MOST });
    } catch (error) {
      const refusal = Refusal.of(error);
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

  /** Be who a stored login of this server stands for. */
  async enter(id: string): Promise<void> {
    const { ticket } = await this._client.call('storedlogins.link', { id });
    await this._client.enter(ticket);
    await this._identity.look();
  }

  /** The way into the pages of another server, once, as whom a stored login stands for. */
  async link(id: string): Promise<string> {
    return (await this._client.call('storedlogins.link', { id })).url;
  }

  /** Be again who the Jupyter server takes one for. */
  async leave(): Promise<void> {
    try {
      await this._client.call('logins.logout', {});
    } catch (error) {
      // What has ended already is left, too.
      if (Refusal.of(error).status !== 401) {
        throw error;
      }
    }
    await this._identity.look();
  }
}
