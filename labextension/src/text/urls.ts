// The same grammar as jupyter_sessions/urls.py: the tests of both read tests/fixtures/urls.json.

/** A pasted reference, to join a session or to record into it. */
export type Reference =
  | {
      kind: 'session';
      code: string;
      /** The base URL of its server, with a trailing slash; null for a code without a server. */
      server: string | null;
      /** The part of the session that a permalink refers to. */
      command?: number;
      path?: string;
    }
  | { kind: 'invitation'; key: string; server: string | null }
  | { kind: 'secret' }
  | { kind: 'nothing' };

const CODE = '[1-9][0-9]{21}|default';
const ALONE = new RegExp(`^(?:${CODE})$`);
const SESSION = new RegExp(`^(.*?/)sessions/(${CODE})/experiment(?:/(.*))?$`);
const JOINING = /^(.*?\/)sessions\/join\/?$/;
const INVITATION = /^jinv_[\w-]{20,200}$/;
const COMMAND = /^commands\/([0-9]{1,15})(?:\/.*)?$/;
const SECRET = /\bj(ses|tik|inv)_[\w-]{10,}/;
const NOTHING: Reference = { kind: 'nothing' };

/** The path of the page that shows an invitation, below the base URL of its server. */
const JOIN_PAGE = 'sessions/join';

/** Build the session URL from the base URL of its server, which ends in a slash. */
export function buildSessionUrl(server: string, code: string): string {
  return `${server}sessions/${code}/experiment`;
}

/** Build the permalink of a command. */
export function buildCommandUrl(sessionUrl: string, number: number): string {
  return `${sessionUrl}/commands/${number}`;
}

/** Build the URL of the page of a file, of a folder, or of the whole web space. */
export function buildFileUrl(sessionUrl: string, path: string): string {
  return path
    ? `${sessionUrl}/files/${quotePath(path)}`
    : `${sessionUrl}/files`;
}

/** Build the URL of an invitation: browsers never send the key, which follows a #. */
export function buildInvitationUrl(server: string, key: string): string {
  return `${server}${JOIN_PAGE}#${key}`;
}

/** Quote the path of a file in a web space; its slashes stay. */
export function quotePath(path: string): string {
  return path
    .split('/')
    .map(part =>
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`
      )
    )
    .join('/');
}

/**
 * Parse a session's code or URL, or an invitation's key or URL; ambiguous text is not a reference.
 */
export function parseReference(given: string): Reference {
  const text = given.trim();
  if (ALONE.test(text)) {
    return { kind: 'session', code: text, server: null };
  }
  if (INVITATION.test(text)) {
    return { kind: 'invitation', key: text, server: null };
  }
  return parseUrl(text) ?? (SECRET.test(text) ? { kind: 'secret' } : NOTHING);
}

function parseUrl(text: string): Reference | null {
  // Browsers read these in their own ways: the URL could name another server than it seems to.
  const ambiguous = /[\s\\]|^\w+:\/*[^/?#]*@|\/(\.|%2e){1,2}(\/|$)/i.test(text);
  const url = ambiguous ? null : parsed(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.port === '0') {
    return null;
  }
  const key = url.hash.slice(1);
  const join = JOINING.exec(url.pathname);
  if (join && INVITATION.test(key)) {
    return { kind: 'invitation', key, server: url.origin + join[1] };
  }
  const session = SESSION.exec(url.pathname);
  if (!session || SECRET.test(text)) {
    return null;
  }
  const [, base, code = '', rest = ''] = session;
  const command = COMMAND.exec(rest)?.[1];
  const path = decoded(/^files\/(.+)$/.exec(rest)?.[1]);
  return {
    kind: 'session',
    code,
    server: url.origin + base,
    ...(command && { command: Number(command) }),
    ...(path && { path })
  };
}

/** Tell whether a base URL is one of the given servers; a machine may have several names. */
export function isSameServer(
  server: string | null,
  ...bases: (string | null | undefined)[]
): boolean {
  return (
    server === null || bases.some(base => base && plain(base) === plain(server))
  );
}

/** Return the base URL of the server in a session's URL. */
export function getServer(url: string | null | undefined): string | null {
  const read = parseReference(url ?? '');
  return read.kind === 'session' ? read.server : null;
}

/** Return the display name of a server: its host, and its base path if it has one. */
export function formatServer(server: string): string {
  const { host, pathname } = new URL(server, window.location.href);
  return host + pathname.replace(/\/$/, '');
}

function plain(base: string): string {
  const url = new URL(base, window.location.href);
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const host = loopback ? `localhost:${url.port}` : url.host;
  return `${url.protocol}//${host}${url.pathname.replace(/\/*$/, '/')}`;
}

function parsed(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function decoded(part: string | undefined): string | undefined {
  try {
    return part && decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
