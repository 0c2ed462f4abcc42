import { StoredLogin } from '../api/operations';
import { Refusal } from '../api/error';
import { Identity } from '../model/identity';
import { Logins } from '../model/logins';
import { scripted, settled } from './server';

function aLogin(id: string, parts: Partial<StoredLogin> = {}): StoredLogin {
  return {
    id,
    server: 'http://here/base',
    user: 'bar',
    real_user: null,
    group: null,
    here: true,
    state: 'stored',
    ...parts
  } as StoredLogin;
}

function served(items: StoredLogin[] | number): {
  logins: Logins;
  identity: Identity;
  asked: string[];
} {
  let name = 'alice';
  const { client, asked } = scripted(({ method, url, body }) => {
    const path = url.pathname.replace('/base/sessions', '');
    if (path === '/api/stored-logins') {
      return typeof items === 'number'
        ? { status: items, body: { code: 'c', message: 'm', hint: '' } }
        : { body: { items, next: null } };
    }
    if (path.endsWith('/link')) {
      return { body: { url: 'https://there/enter', ticket: 'jtik_1' } };
    }
    if (path === '/enter' && method === 'POST') {
      name = body === 'ticket=jtik_1' ? 'bar' : name;
    }
    if (path === '/api/logout') {
      name = 'alice';
    }
    return { body: { name } };
  });
  const identity = new Identity(client);
  return { logins: new Logins(client, identity), identity, asked };
}

describe('Logins', () => {
  it('offers each of the stored ones once, and none that has ended', async () => {
    const { logins } = served([
      aLogin('newest'),
      aLogin('older', { server: 'http://localhost/base' }),
      aLogin('group', { group: 'optics' }),
      aLogin('there', { here: false, server: 'https://there' }),
      aLogin('ended', { user: 'foo', state: 'expired' })
    ]);
    const ids = (await logins.offered()).map(each => each.id);
    expect(ids).toEqual(['newest', 'group', 'there']);
  });

  it('has none where they are not for who asks, and says what else is wrong', async () => {
    expect(await served(403).logins.offered()).toEqual([]);
    await expect(served(500).logins.offered()).rejects.toBeInstanceOf(Refusal);
  });

  it('makes one whom a stored login stands for, till one leaves', async () => {
    const { logins, identity, asked } = served([]);
    await settled();
    await logins.enter('1a');
    expect(identity.user?.name).toBe('bar');
    expect(asked).toContain('POST /base/sessions/api/stored-logins/1a/link');
    await logins.leave();
    expect(identity.user?.name).toBe('alice');
  });

  it('gives the way into another server', async () => {
    const { logins } = served([]);
    expect(await logins.link('1a')).toBe('https://there/enter');
  });
});
