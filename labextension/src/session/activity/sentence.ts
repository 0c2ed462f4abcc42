import { TranslationBundle } from '@jupyterlab/translation';

import { Event as SessionEvent } from '../../api/operations';
import { formatRoles } from '../../text/formatting';

/** The description of an event that follows the user's name; `command` and `path` become links. */
export interface ISentence {
  words: string;
  command?: number;
  path?: string;
  detail?: string;
}

/** Describe an event in words; for an unknown kind, show its kind and data. */
export function sentence(
  event: SessionEvent,
  trans: TranslationBundle
): ISentence {
  const { data, kind } = event;
  const about = (...names: string[]): string =>
    names
      .map(name => (name === 'roles' ? rolesOf(data) : plain(data[name])))
      .filter(text => text)
      .join(' · ');
  const command = (words: string): ISentence => ({
    words,
    command: event.command?.number ?? (Number(data.number) || undefined),
    detail: event.command?.source.trim().split('\n')[0]?.slice(0, 120)
  });
  switch (kind) {
    case 'session.created':
      return { words: trans.__('created the session') };
    case 'session.described':
      return {
        words: trans.__('described the session'),
        detail: about('label', 'message', 'agent')
      };
    case 'session.timed':
      return { words: trans.__('changed the time-outs') };
    case 'session.disabled':
      return { words: trans.__('disabled the session') };
    case 'session.enabled':
      return { words: trans.__('enabled the session') };
    case 'session.closed':
      return { words: trans.__('closed the session') };
    case 'session.removed':
      return { words: trans.__('removed the session') };
    case 'session.restored':
      return { words: trans.__('restored the session') };
    case 'session.transferred':
      return {
        words: trans.__('transferred the session to'),
        detail: about('user')
      };
    case 'session.resumed':
      return { words: trans.__('resumed the session'), detail: about('agent') };
    case 'member.granted':
      return {
        words: trans.__('granted roles to'),
        detail: about('user', 'roles')
      };
    case 'member.revoked':
      return { words: trans.__('revoked all roles of'), detail: about('user') };
    case 'command.started':
      return command(trans.__('started'));
    case 'command.recorded':
      return command(trans.__('ran'));
    case 'command.updated':
      return command(trans.__('got later outputs of'));
    case 'command.forgotten':
      return command(trans.__('erased the content of'));
    case 'file.published':
      return { words: trans.__('published'), path: plain(data.path) };
    case 'file.unpublished':
      return { words: trans.__('unpublished'), detail: plain(data.path) };
    case 'scratch.set':
      return {
        words: trans.__('set the scratch value'),
        detail: about('name')
      };
    case 'scratch.deleted':
      return {
        words: trans.__('deleted the scratch value'),
        detail: about('name')
      };
    default:
      return {
        words: kind.replace('.', ' '),
        detail: Object.entries(data)
          .map(([name, value]) => `${name} ${plain(value)}`)
          .join(', ')
      };
  }
}

function rolesOf(data: SessionEvent['data']): string {
  return Array.isArray(data.roles) ? formatRoles(data.roles.map(String)) : '';
}

function plain(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(plain).join(', ');
  }
  return value === null || value === undefined ? '' : String(value);
}
