import {
  CommandSummary,
  Event as SessionEvent,
  Session
} from '../api/operations';

/** A session as the server answers it. */
export function aSession(parts: Partial<Session> = {}): Session {
  return {
    code: '1234567890123456789012',
    url: 'http://here/base/sessions/1234567890123456789012/experiment',
    label: 'Weather',
    owner: 'alice',
    roles: ['read', 'write', 'execute', 'admin', 'owner'],
    state: 'active',
    commands: 0,
    events: 0,
    members: 1,
    ...parts
  } as Session;
}

/** A command as lists show it. */
export function aCommand(
  number: number,
  parts: Partial<CommandSummary> = {}
): CommandSummary {
  return {
    number,
    user: 'alice',
    status: 'completed',
    source: `step(${number})`,
    preview: '',
    outputs: 0,
    ...parts
  } as CommandSummary;
}

/** An event of a session's log. */
export function anEvent(
  number: number,
  kind: string,
  parts: Partial<SessionEvent> = {}
): SessionEvent {
  return {
    number,
    kind,
    user: 'alice',
    data: {},
    command: null,
    ...parts
  } as SessionEvent;
}
