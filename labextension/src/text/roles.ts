import { TranslationBundle } from '@jupyterlab/translation';

import { Session } from '../api/operations';
import { Role } from '../model/session';

export const GRANTABLE: Role[] = ['read', 'write', 'execute', 'admin'];

/** The roles that a role implies. */
export const INCLUDED: Partial<Record<Role, Role[]>> = {
  write: ['read'],
  admin: ['read', 'write', 'execute'],
  owner: ['read', 'write', 'execute', 'admin']
};

/** Add the roles that each role includes. */
export function whole(roles: readonly Role[]): Role[] {
  const all = new Set([
    ...roles,
    ...roles.flatMap(role => INCLUDED[role] ?? [])
  ]);
  return [...GRANTABLE, 'owner' as const].filter(role => all.has(role));
}

/** The permissions of a role. */
export function meaning(role: Role, trans: TranslationBundle): string {
  switch (role) {
    case 'read':
      return trans.__(
        'See the session, its commands, files and members, and follow it live.'
      );
    case 'write':
      return trans.__(
        'Read; record commands, publish and unpublish files, change the description.'
      );
    case 'execute':
      return trans.__(
        "Nothing yet: kept for running commands on a kernel of the session's own."
      );
    case 'admin':
      return trans.__(
        "Read, write and execute; grant and revoke roles, forget a command's content."
      );
    case 'owner':
      return trans.__(
        'Everything: also disable, close, remove, restore it, and give it to someone else.'
      );
  }
}

/** What a session's state means to a member. */
export function stateMeaning(
  state: Session['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'active':
      return trans.__('Open for work.');
    case 'disabled':
      return trans.__(
        'Reachable by its owner alone until it is enabled again.'
      );
    case 'closed':
      return trans.__('A read-only archive, for good.');
    case 'removed':
      return trans.__(
        'Gone from every list; its owner can restore it until it is purged.'
      );
  }
}

/** Explain why the user may not do what needs `role` in `session`; empty if they may. */
export function hindrance(
  session: Session | null,
  role: Role,
  trans: TranslationBundle
): string {
  if (!session) {
    return trans.__('The session is not there (any more).');
  }
  if (!session.roles.includes(role)) {
    return trans.__('This needs the role %1 in this session.', role);
  }
  if (session.state !== 'active') {
    return trans.__('The session is %1.', session.state);
  }
  return '';
}
