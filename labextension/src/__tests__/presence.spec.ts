import { Presence } from '../model/presence';
import { scripted, settled } from './server';

describe('Presence', () => {
  it('tells who else is in a session, each once, and only when that changes', async () => {
    const here = [
      { session: 'a', user: 'bob', mine: false },
      { session: 'a', user: 'bob', mine: false },
      { session: 'a', user: 'ida', mine: false },
      { session: 'a', user: 'me', mine: true },
      { session: null, user: 'eve', mine: false }
    ];
    const { client } = scripted(() => ({ body: { here } }));
    const presence = new Presence(client);
    await settled();
    expect(presence.in('a')).toEqual(['bob', 'ida']);
    expect(presence.in('b')).toEqual([]);
    const { version } = presence;
    await presence.refresh();
    expect(presence.version).toBe(version);
    here.splice(0, 2);
    await presence.refresh();
    expect(presence.in('a')).toEqual(['ida']);
    presence.dispose();
  });
});
