import * as fs from 'fs';
import * as path from 'path';

import {
  buildCommandUrl,
  buildFileUrl,
  buildInvitationUrl,
  buildSessionUrl,
  formatServer,
  getServer,
  isSameServer,
  parseReference
} from '../text/urls';

const CODE = '1234567890123456789012';
const KEY = 'jinv_abcdefghijklmnopqrstuvwxyz012345';

interface IParts {
  code: string;
  server?: string;
  command?: number;
  path?: string;
}

/** What the tests of urls.py read too; there, servers end without a slash. */
const examples: {
  built: {
    sessions: [string, string, string][];
    commands: [string, number, string][];
    files: [string, string, string][];
    invitations: [string, string, string][];
  };
  sessions: [string, IParts][];
  invitations: [string, { key: string; server?: string }][];
  neither: string[];
} = JSON.parse(
  fs.readFileSync(
    path.resolve(__dirname, '../../../tests/fixtures/urls.json'),
    'utf-8'
  )
);

describe('URLs, built as in Python', () => {
  it.each(examples.built.sessions)('of %s: session %s', (server, code, url) => {
    expect(buildSessionUrl(`${server}/`, code)).toBe(url);
  });

  it.each(examples.built.commands)('of %s: %d', (session, number, url) => {
    expect(buildCommandUrl(session, number)).toBe(url);
  });

  it.each(examples.built.files)('of %s: file %j', (session, file, url) => {
    expect(buildFileUrl(session, file)).toBe(url);
  });

  it.each(examples.built.invitations)('of %s: key %s', (page, key, url) => {
    const server = page.slice(0, -'sessions/join'.length);
    expect(buildInvitationUrl(server, key)).toBe(url);
  });
});

describe('references, parsed as in Python', () => {
  it.each(examples.sessions)('reads the session in %j', (text, parts) => {
    const server = parts.server === undefined ? null : `${parts.server}/`;
    expect(parseReference(text)).toEqual({ kind: 'session', ...parts, server });
  });

  it.each(examples.invitations)('reads the invitation %j', (text, parts) => {
    const server = parts.server === undefined ? null : `${parts.server}/`;
    expect(parseReference(text)).toEqual({
      kind: 'invitation',
      key: parts.key,
      server
    });
  });

  it.each(examples.neither)('takes %j for nothing', text => {
    expect(parseReference(text)).toEqual({ kind: 'nothing' });
  });

  it('knows a secret, wherever it stands', () => {
    for (const text of [
      'jses_abcdefghijklmnopqrstuv',
      'jtik_abcdefghijklmnopqrstuv',
      `https://lab.org/sessions/${CODE}/experiment?key=jses_abcdefghijklmnop`,
      `https://lab.org/sessions/${CODE}/experiment#${KEY}`
    ]) {
      expect(parseReference(text)).toEqual({ kind: 'secret' });
    }
  });
});

describe('isSameServer', () => {
  it('holds for a code alone, and for each name of the server', () => {
    const here = 'http://127.0.0.1:8888/base/';
    expect(isSameServer(null, here)).toBe(true);
    expect(isSameServer('http://localhost:8888/base/', here)).toBe(true);
    expect(isSameServer('https://lab.org/', here, 'https://lab.org/')).toBe(
      true
    );
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
      expect(isSameServer(server, here, null, undefined)).toBe(false);
    }
  });
});

it('tells a server by its host and base path', () => {
  expect(getServer(`https://lab.org/a/sessions/${CODE}/experiment`)).toBe(
    'https://lab.org/a/'
  );
  expect(getServer(null)).toBeNull();
  expect(formatServer('https://lab.org:8443/a/')).toBe('lab.org:8443/a');
});
