import { Refusal } from '../api/error';
import { scripted } from './server';

describe('Client', () => {
  it('puts fields into path and query of what only asks', async () => {
    const { client, asked } = scripted(() => ({
      body: { items: [], next: null }
    }));
    await client.call('commands.list', {
      code: '12',
      order: 'newest',
      limit: 50,
      after: '7'
    });
    expect(asked).toEqual([
      'GET /base/sessions/api/sessions/12/commands?order=newest&limit=50&after=7'
    ]);
  });

  it('asks without what is not given, and without the field that JupyterLab adds', async () => {
    const { client, asked } = scripted(() => ({}));
    await client.call('commands.list', { code: '12', user: null, search: '' });
    expect(asked).toEqual(['GET /base/sessions/api/sessions/12/commands']);
  });

  it('puts fields into the body of what changes something', async () => {
    let taken: unknown;
    const { client } = scripted(({ body }) => {
      taken = body;
      return {};
    });
    await client.call('members.grant', {
      code: '12',
      grants: [{ user: 'bob', roles: [] }]
    });
    expect(taken).toEqual({ grants: [{ user: 'bob', roles: [] }] });
  });

  it('keeps the folders of a path and nothing else', () => {
    const { client } = scripted(() => ({}));
    const address = client.address('files.get', {
      code: '12',
      path: 'a b/ü?#.png'
    });
    expect(address).toBe(
      'http://here/base/sessions/api/sessions/12/files/a%20b/%C3%BC%3F%23.png'
    );
    expect(client.address('scratch.get', { code: '12', name: 'a/b' })).toMatch(
      /a%2Fb$/
    );
  });

  it('sends an upload as it is, its fields in the query', async () => {
    let taken: unknown;
    const { client, asked } = scripted(({ body }) => {
      taken = body;
      return {};
    });
    const content = new Blob(['x,y'], { type: 'text/csv' });
    const request = {
      code: '12',
      path: 'a.csv',
      media_type: 'text/csv',
      command: 3
    };
    await client.call('files.publish', request, { content });
    expect(asked[0]).toMatch(
      /^PUT .*\/content\/a\.csv\?media_type=text%2Fcsv&command=3$/
    );
    expect(taken).toBeTruthy();
  });

  it('throws what the server says, and what it advises', async () => {
    const { client } = scripted(() => ({
      status: 403,
      body: {
        code: 'role_missing',
        message: 'It needs write.',
        hint: 'Ask alice.'
      }
    }));
    const refusal = await client
      .call('sessions.get', { code: '12' })
      .catch(error => error);
    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 403,
      code: 'role_missing',
      hint: 'Ask alice.'
    });
    expect(refusal.offline).toBe(false);
  });

  it('tells when nobody answers', async () => {
    const { client } = scripted(() => {
      throw new TypeError('Failed to fetch');
    });
    const refusal = await client
      .call('logins.whoami', {})
      .catch(error => error);
    expect(refusal.offline).toBe(true);
  });

  it('sends what makes something again when the connection broke, under one key', async () => {
    const keys: string[] = [];
    const { client } = scripted(({ headers }) => {
      keys.push(headers.get('Idempotency-Key') ?? '');
      if (keys.length === 1) {
        throw new TypeError('Failed to fetch');
      }
      return {};
    });
    await client.call('sessions.create', { label: 'one' });
    await client.call('sessions.create', { label: 'one' });
    const [first, again, another] = keys;
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(again).toBe(first);
    expect(another).toMatch(/^[0-9a-f-]{36}$/);
    expect(another).not.toBe(first);
  });

  it('sends what only asks, or was answered, once and without a key', async () => {
    const keys: (string | null)[] = [];
    const { client, asked } = scripted(({ method, headers }) => {
      keys.push(headers.get('Idempotency-Key'));
      if (method === 'GET') {
        throw new TypeError('Failed to fetch');
      }
      return { status: 503, body: { code: 'store_busy', message: 'Busy.' } };
    });
    await client.call('sessions.get', { code: '12' }).catch(error => error);
    await client.call('sessions.close', { code: '12' }).catch(error => error);
    expect(asked).toHaveLength(2);
    expect(keys[0]).toBeNull();
    expect(keys[1]).toBeTruthy();
  });

  it('tells when something in between answers', async () => {
    const { client } = scripted(() => ({ status: 502, body: '<html>' }));
    const refusal = await client
      .call('logins.whoami', {})
      .catch(error => error);
    expect(refusal).toMatchObject({
      code: 'not_a_sessions_server',
      offline: true
    });
  });
});
