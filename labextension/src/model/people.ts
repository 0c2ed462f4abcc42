import { Client } from '../api/client';
import { Store } from './store';

export interface IPerson {
  name: string;
  display_name: string;
}

/**
 * The users that one can search: all accounts for an administrator; for everyone else their groups
 * with the members, and the people of their sessions.
 */
export class People extends Store {
  constructor(private readonly _client: Client) {
    super();
  }

  list: readonly IPerson[] = [];

  /** Search for users; a user whom the server does not list can still be entered by name. */
  async load(): Promise<void> {
    if (this._loaded) {
      return;
    }
    this._loaded = true;
    const found = await Promise.allSettled([
      this._met(),
      this._groups(),
      this._accounts()
    ]);
    const people = new Map<string, IPerson>();
    for (const each of found) {
      if (each.status === 'fulfilled') {
        each.value.forEach(person => people.set(person.name, person));
      }
    }
    this.list = [...people.values()].sort((a, b) =>
      a.name.localeCompare(b.name)
    );
    this.touch();
  }

  private async _accounts(): Promise<IPerson[]> {
    const page = await this._client.call('accounts.list', { limit: MOST });
    return page.items.filter(account => !account.disabled);
  }

  private async _groups(): Promise<IPerson[]> {
    const page = await this._client.call('groups.list', { limit: MOST });
    const users = await Promise.all(
      page.items
        .filter(group => group.member)
        .map(({ name }) =>
          this._client.call('groupusers.list', { name, limit: MOST })
        )
    );
    return [
      ...page.items.map(({ name, description }) => ({
        name: `@${name}`,
        display_name: description
      })),
      ...users.flatMap(each =>
        each.items.map(({ user, display_name }) => ({
          name: user,
          display_name
        }))
      )
    ];
  }

  private async _met(): Promise<IPerson[]> {
    const page = await this._client.call('sessions.list', { limit: MOST });
    const owners = new Set(page.items.map(session => session.owner));
    return [...owners].map(name => ({ name, display_name: '' }));
  }

  private _loaded = false;
}

const MOST = 500;
