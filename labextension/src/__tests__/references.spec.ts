import { hostOf, isHere, referenceIn, serverOf } from '../text/references';

const CODE = '1234567890123456789012';
const KEY = 'jinv_abcdefghijklmnopqrstuvwxyz012345';

describe('referenceIn', () => {
  it('reads a code, and a session URL with its server', () => {
    expect(referenceIn(` ${CODE} `)).toEqual({
      kind: 'session',
      code: CODE,
      server: null
    });
    expect(
      referenceIn(`https://lab.org/a/b/sessions/${CODE}/experiment?x=1#top`)
    ).toEqual({ kind: 'session', code: CODE, server: 'https://lab.org/a/b/' });
    expect(referenceIn('default')).toMatchObject({ code: 'default' });
  });

  it('reads what a permalink leads to', () => {
    const url = `https://lab.org/sessions/${CODE}/experiment`;
    expect(referenceIn(`${url}/commands/17`)).toMatchObject({ command: 17 });
    expect(referenceIn(`${url}/files/a%20b/c.png`)).toMatchObject({
      path: 'a b/c.png'
    });
    expect(referenceIn(`${url}/files/%ff`)).toEqual({
      kind: 'session',
      code: CODE,
      server: 'https://lab.org/'
    });
  });

  it('reads an invitation, by its key and by the page to join at', () => {
    expect(referenceIn(KEY)).toEqual({
      kind: 'invitation',
      key: KEY,
      server: null
    });
    expect(referenceIn(`https://lab.org/x/sessions/join#${KEY}`)).toEqual({
      kind: 'invitation',
      key: KEY,
      server: 'https://lab.org/x/'
    });
  });

  it.each([
    '',
    'nonsense',
    '123456',
    `${CODE}3`,
    `ftp://lab.org/sessions/${CODE}/experiment`,
    `javascript:alert(1)//sessions/${CODE}/experiment`,
    `https://alice:pw@lab.org/sessions/${CODE}/experiment`,
    `https://lab.org\\@other.org/sessions/${CODE}/experiment`,
    `https://lab.org/sessions/${CODE}/other`,
    'https://lab.org/sessions/join',
    'https://lab.org/lab'
  ])('takes %j for nothing', text => {
    expect(referenceIn(text)).toEqual({ kind: 'nothing' });
  });

  it('knows a secret, wherever it stands', () => {
    for (const text of [
      'jses_abcdefghijklmnopqrstuv',
      'jtik_abcdefghijklmnopqrstuv',
      `https://lab.org/sessions/${CODE}/experiment?key=jses_abcdefghijklmnop`,
      `https://lab.org/sessions/${CODE}/experiment#${KEY}`
    ]) {
      expect(referenceIn(text)).toEqual({ kind: 'secret' });
    }
  });
});

describe('isHere', () => {
  it('holds for a code alone, and for each name of the server', () => {
    const here = 'http://127.0.0.1:8888/base/';
    expect(isHere(null, here)).toBe(true);
    expect(isHere('http://localhost:8888/base/', here)).toBe(true);
    expect(isHere('https://lab.org/', here, 'https://lab.org/')).toBe(true);
  });

  it('holds for no other server, path or port', () => {
    const here = 'http://127.0.0.1:8888/base/';
    for (const server of [
      'http://127.0.0.1:8889/base/',
      'http://127.0.0.1:8888/',
      'http://127.0.0.1:8888/base/more/',
      'https://127.0.0.1:8888/base/',
      'https://lab.org/base/'
    ]) {
      expect(isHere(server, here, null, undefined)).toBe(false);
    }
  });
});

it('tells a server by its host and base path', () => {
  expect(serverOf(`https://lab.org/a/sessions/${CODE}/experiment`)).toBe(
    'https://lab.org/a/'
  );
  expect(serverOf(null)).toBeNull();
  expect(hostOf('https://lab.org:8443/a/')).toBe('lab.org:8443/a');
});
