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
export function addIncluded(roles: readonly Role[]): Role[] {
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
        'Read; record commands; publish and unpublish files; change the description.'
      );
    case 'execute':
      return trans.__(
        "Nothing yet: reserved for running commands on the session's own kernel."
      );
    case 'admin':
      return trans.__(
        "Read, write and execute; grant and revoke roles; erase a command's content."
      );
    case 'owner':
      return trans.__(
        'Everything; also disable, close, remove and restore the session, and transfer it.'
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
      return trans.__('Only its owner can see it until it is enabled.');
    case 'closed':
      return trans.__('A read-only archive, permanently.');
    case 'removed':
      return trans.__(
        'Removed from all lists; its owner can restore it until it is purged.'
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
    return trans.__('This session is not available.');
  }
  if (!session.roles.includes(role)) {
    return trans.__('This needs the role %1 in this session.', role);
  }
  if (session.state !== 'active') {
    return trans.__('The session is %1.', session.state);
  }
  return '';
}
