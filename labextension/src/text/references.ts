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
const SESSION = new RegExp(
  `^(.*?/)sessions/(${CODE})(?:/experiment(?:/(.*))?)?/?$`
);
const JOINING = /^(.*?\/)sessions\/join\/?$/;
const INVITATION = /^jinv_[\w-]{20,200}$/;
const SECRET = /\bj(ses|tik|inv)_[\w-]{10,}/;
const NOTHING: Reference = { kind: 'nothing' };

/**
 * Parse a session's code or URL, or an invitation's key or URL; ambiguous text is not a reference.
 */
export function referenceIn(given: string): Reference {
  const text = given.trim();
  if (ALONE.test(text)) {
    return { kind: 'session', code: text, server: null };
  }
  if (INVITATION.test(text)) {
    return { kind: 'invitation', key: text, server: null };
  }
  return readUrl(text) ?? (SECRET.test(text) ? { kind: 'secret' } : NOTHING);
}

function readUrl(text: string): Reference | null {
  const url = /[\s\\]/.test(text) ? null : parsed(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
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
  const command = /^commands\/(\d+)/.exec(rest)?.[1];
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
export function isHere(
  server: string | null,
  ...bases: (string | null | undefined)[]
): boolean {
  return (
    server === null || bases.some(base => base && plain(base) === plain(server))
  );
}

/** Return the base URL of the server in a session's URL. */
export function serverOf(url: string | null | undefined): string | null {
  const read = referenceIn(url ?? '');
  return read.kind === 'session' ? read.server : null;
}

/** Return the display name of a server: its host, and its base path if it has one. */
export function hostOf(server: string): string {
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
