import { IStateDB } from '@jupyterlab/statedb';

import { Session } from '../api/operations';
import { Shares } from '../model/shares';
import { scripted, settled } from './server';
import { aSession } from './things';

describe('Shares', () => {
  it('tells of each session once, from the first look on, for each user alone', async () => {
    const served = { name: 'bob', items: [aSession({ code: 'old' })] };
    const { client } = scripted(({ url }) => ({
      body: url.pathname.endsWith('/user')
        ? { name: served.name }
        : { items: served.items, next: null }
    }));
    const kept = new Map<string, unknown>();
    const state = {
      fetch: async (key: string) => kept.get(key),
      save: async (key: string, value: unknown) => kept.set(key, value)
    } as unknown as IStateDB;
    const shares = new Shares(client, state);
    const told: string[] = [];
    shares.shared.connect((_, session: Session) => told.push(session.code));
    await settled();
    expect(told).toEqual([]);
    served.items = [aSession({ code: 'new' }), ...served.items];
    await shares.look();
    await shares.look();
    expect(told).toEqual(['new']);
    served.name = 'ida';
    await shares.look();
    expect(told).toEqual(['new']);

    // Taken back and given again, it is news again.
    served.name = 'bob';
    served.items = [aSession({ code: 'old' })];
    await shares.look();
    served.items = [aSession({ code: 'new' }), ...served.items];
    await shares.look();
    expect(told).toEqual(['new', 'new']);
    shares.dispose();
  });
});
