// Made by `python -m docs.generate`; changes here are lost.

/** One page of a list; `next` is the `after` that asks for the following one. */
export type Page<T> = { items: T[]; next: string | null };

/** A user's account in this store. */
export type Account = { name: string; display_name: string; administrator: boolean; disabled: boolean; created: string; last_login: string | null };

/**
 * A kernel of a Jupyter server that records into a session.
 *
 * `session` is the session's code, `label` its label, `url` its page, and `server` the base URL of
 * its server: null for the store of the Jupyter server itself. If the caller has no role in the
 * session, `session` and `label` are empty and `url` is null. `user` is who attached the kernel.
 * `notebook` is the notebook's path, empty if there is none.
 *
 * In the state `waiting` the session can't be recorded into (it is disabled, or its server is
 * out of reach), and the `waiting` commands are kept on disk until it can; `problem` describes
 * why. An attachment that has `ended` (its kernel died, or its session was closed) records
 * nothing more.
 */
export type Attachment = { kernel: string; kernel_name: string; language: string; notebook: string; session: string; label: string; url: string | null; server: string | null; user: string; state: 'ended' | 'paused' | 'recording' | 'waiting'; waiting: number; problem: string | null; since: string };

/**
 * One entry of the audit log. It contains no password, key or code.
 *
 * `user` is who acted, if known; `real_user` is who really acted, under sudo; `address` is where
 * they connected from, if over HTTP. `data` names the user concerned (`user`) and, for refusals,
 * the `operation` and the reason `why`: the error's code. A name that belongs to no account is not
 * stored, since it may be a password that was typed into the wrong field; instead, `unknown` has a
 * value that is the same for the same name.
 */
export type AuditEntry = { number: number; at: string; kind: string; user: string; real_user: string | null; address: string; data: Record<string, unknown> };

/**
 * A whole command; `request` and `response` are None if it was forgotten.
 *
 * A running command has no response, only the outputs `so_far`, if they are known.
 */
export type Command = { summary: CommandSummary; request: CommandRequest | null; response: CommandResponse | null; so_far: SoFar | null };

/**
 * The request half of a command: what was run, where and when.
 *
 * `notebook` is the path of the notebook or program that ran the command, empty if the kernel does
 * not know it; `kernel` is the kernel's id.
 */
export type CommandRequest = { source: string; started: string; language?: string; kernel?: string; notebook?: string; execution_count?: number | null };

/**
 * The response half of a command.
 *
 * `outputs` are nbformat v4 outputs, unchanged. `note` says what was truncated, if anything.
 */
export type CommandResponse = { status: 'aborted' | 'completed' | 'error'; outputs: Array<Stream | DisplayData | ExecuteResult | ErrorOutput>; finished: string; duration: number; note?: string };

/**
 * A command as lists show it: `source` and `preview` are cut, outputs are only counted.
 *
 * `user` is who ran it, empty if unknown (a kernel that several people use). `preview` is the
 * beginning of the outputs' text; `media` are the outputs' media types (`stream` and `error`
 * for streams and errors). `real_user` is who really acted, under sudo. `managing` marks a command
 * that only manages sessions, such as a `%session` line. `output_list` has the outputs
 * themselves, in a list that was requested with an `outputs_budget`; then `source` is whole.
 */
export type CommandSummary = { number: number; user: string; real_user: string | null; started: string; duration: number | null; status: 'aborted' | 'completed' | 'error' | 'running'; source: string; source_cut: boolean; preview: string; media: Array<string>; outputs: number; size: number; language: string; notebook: string; execution_count: number | null; forgotten: boolean; note: string; guest: boolean; managing: boolean; output_list?: Array<Stream | DisplayData | ExecuteResult | ErrorOutput> };

/** One thing that is damaged or missing, its session's code if it has one, and when found. */
export type Damage = { problem: string; session: string | null; found: string };

/** The group in which a user's new logins start. */
export type DefaultGroup = { user: string; group: string | null };

/** A displayed value in one or more media types (nbformat v4). */
export type DisplayData = { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> };

/** The answer of an operation that has nothing to return. */
export type Done = { done: boolean };

/** A guest's login, and the session that it gives access to. */
export type Entered = { login: NewLogin; session: Session };

export type Error = { code: string; message: string; hint: string };

/** An exception with its traceback, with ANSI colours (nbformat v4). */
export type ErrorOutput = { output_type: 'error'; ename: string; evalue: string; traceback: Array<string> };

/**
 * One entry of a session's log; `data` holds no secrets and no content.
 *
 * `kind` is one of `EVENT_KINDS`; newer servers may send more.
 *
 * `command` is set for events that concern a command, and shows the command as it is now.
 */
export type Event = { number: number; at: string; kind: string; user: string; real_user: string | null; data: Record<string, unknown>; command: CommandSummary | null; guest: boolean };

/** The value of a cell's last expression (nbformat v4). */
export type ExecuteResult = { output_type: 'execute_result'; data: Record<string, unknown>; metadata: Record<string, unknown>; execution_count: number | null };

/**
 * Whether the caller has a role in a session with that code.
 *
 * `ended_by` is the user who revoked the caller's roles, if the caller recently had some.
 */
export type Existence = { exists: boolean; ended_by: string | null };

/**
 * A published file, or a folder that contains some (`folder` true).
 *
 * For a folder, `files`, `size` and `published` summarize all that is in it (number, total size,
 * newest); `publisher` and `command` are set if they are the same for all of it, else empty and
 * null. `command` is the number of the command whose output the file is or, if it is not an
 * output, of the command that published it. `url` is the address of its page, None if no server
 * shows this store.
 */
export type File = { path: string; name: string; folder: boolean; media_type: string; size: number; sha256: string; publisher: string; published: string; command: number | null; files: number; url: string | null };

/** A user, or `@group`, and the roles that replace the current ones; none means `read`. */
export type Grant = { user: string; roles?: Array<string> };

/**
 * A named set of users.
 *
 * `roles` are the roles that the group's users get in each session that is created in it from now
 * on; a private group has none. `users` is the number of users, `owners` are the users who manage
 * the group. `member` and `default` concern the caller: whether they are in the group, and whether
 * their logins start in it. The server's identity provider decides who is in an `external` group.
 */
export type Group = { name: string; description: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; users: number; owners: Array<string>; member: boolean; default: boolean; created: string; external: boolean };

/** A user in a group. */
export type GroupUser = { user: string; display_name: string; owner: boolean; since: string };

/**
 * Whether the server works.
 *
 * `checked` is when all stored data was last verified, by whichever process; null if never.
 * `damaged` is how many published files, sources and outputs are known to be damaged or missing:
 * found by that check, or by a read since, and not mended.
 */
export type Health = { ok: boolean; version: string; database: string; writable: boolean; checked: string | null; damaged: number };

/**
 * An invitation that gives access to one session with given roles, without its key.
 *
 * It is `void` while its author could not grant its roles. `used` is how many of its `uses` are
 * taken.
 */
export type Invitation = { id: number; name: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; made_by: string; real_user: string | null; created: string; expires: string; uses: number; used: number; state: 'active' | 'expired' | 'revoked' | 'used_up' | 'void' };

/**
 * What an invitation gives access to, shown to the holder of its key.
 *
 * `guests` is true if it admits people without an account.
 */
export type Invited = { label: string; owner: string; made_by: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; expires: string; guests: boolean };

/**
 * The session that an invitation gave access to.
 *
 * `changed` is false if the caller held its roles already.
 */
export type Joined = { session: Session; changed: boolean };

/**
 * A login, without its key.
 *
 * Callers identified by the Jupyter server or in process have no key: their login has no `id`, no
 * instants and no time-out. `real_user` is who really acts, under sudo. `made_by` is who created
 * the login for the user, if it was somebody else; events name either. A `confined` login reaches
 * only the sessions of its group. At `expires` the login ends in any case; it ends earlier if it
 * is unused for `idle_timeout` minutes. `current` marks the login of this request.
 */
export type Login = { id: number | null; user: string; real_user: string | null; made_by: string | null; group: string | null; confined: boolean; label: string; agent: string; created: string | null; last_used: string | null; expires: string | null; idle_timeout: number | null; current: boolean; state: 'active' | 'expired' | 'revoked' };

/**
 * A one-time login link and its `ticket`, which log in as the user of a stored login.
 *
 * The resulting login ends no later than the stored one.
 */
export type LoginLink = { url: string; ticket: string; expires: string };

/** The resulting idle time-out; `clamped` is true if the server's limit shortened it. */
export type LoginTimeout = { login: Login; clamped: boolean };

/**
 * A member of a session: a user or, if `group` is set, all users in a group.
 *
 * The name of a group in `user` starts with `@`, as in a grant. A `guest` came by an invitation
 * and has no account.
 */
export type Member = { user: string; group: boolean; display_name: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; owner: boolean; since: string; granted_by: string | null; guest: boolean };

/**
 * All members of a session: the owner first, then groups, then users.
 *
 * After a grant or a revoke, `through_groups` lists the users named in it who also hold roles
 * through groups; those roles do not change.
 */
export type Members = { members: Array<Member>; through_groups: Array<ThroughGroups> };

/**
 * A new invitation; `key` is shown only this once and stored only as a hash.
 *
 * `page` is the page where people join in a browser, None if no server shows this store. `clamped`
 * is true if the server's limit made it expire earlier than requested.
 */
export type NewInvitation = { key: string; page: string | null; invitation: Invitation; clamped: boolean };

/**
 * A new login; `key` is shown only this once and stored only as a hash.
 *
 * `clamped` is true if the server's limit made the idle time-out shorter than requested.
 */
export type NewLogin = { key: string; user: string; display_name: string; login: Login; clamped: boolean };

/**
 * What an authenticator app needs: the secret, also as an `otpauth` URI.
 *
 * The second factor takes effect when `secondfactor.confirm` receives a first code.
 */
export type NewSecondFactor = { secret: string; uri: string };

/** The number of the account's other logins that ended when the password changed. */
export type PasswordChanged = { ended: number };

/**
 * A connected user: a page or kernel that has a session open, or a login in use.
 *
 * `last_act` is when they last ran a command in the session or used the login. `mine` marks the
 * caller's own entries. Details that the caller may not see are empty.
 */
export type Presence = { user: string; real_user: string | null; guest: boolean; group: string | null; session: string | null; kind: 'kernel' | 'login' | 'page' | 'program'; agent: string; since: string; last_act: string | null; mine: boolean };

/** The connected users, longest connected first; `more` tells that some are not listed. */
export type Present = { here: Array<Presence>; more: boolean };

/** The numbers of the recorded commands, in the order in which they were sent. */
export type Recorded = { numbers: Array<number> };

/**
 * A command to record in a session.
 *
 * A command is identified by its `id` together with its source and start, since different clients
 * may number their messages alike. Recording the same command twice changes nothing; the same id
 * with another source or start is another command. If `keyed` is set, the recorder chose the `id`
 * for this command only, and the start is not part of the identity.
 *
 * A recording without a response is of a running command; its `so_far` outputs replace those
 * recorded for an earlier moment. A later recording with a response completes the command.
 * `version` counts the recorder's reports on a command. A completed or failed command changes only
 * if a recording with a greater version and the same status arrives: its outputs (of a thread that
 * went on printing, or of an updated display) replace the recorded ones. Any other recording of
 * it, and so every one without a version, changes nothing and gets the same number. That a command
 * was aborted may be a guess: a recording that says how it ended replaces it, unless `keyed` is
 * set.
 *
 * `runner` is omitted if the sender ran the command. A Jupyter server that several people use
 * names the user who ran it, or null if it can't tell. A server's claim is accepted only about its
 * own store, and only for a user who may write in the session; the user of any other such command
 * is unknown.
 */
export type Recording = { id: string; request: CommandRequest; response?: CommandResponse | null; so_far?: SoFar | null; runner?: string | null; keyed?: boolean; version?: number };

/** Recovery codes for a lost authenticator: each works once. They are shown only this once. */
export type RecoveryCodes = { codes: Array<string>; ended: number };

/** A resumed session: its attributes, its members and its last commands. */
export type Resumed = { session: Session; members: Array<Member>; commands: Array<Command> };

/** A scratch value without its content: its name, its size as JSON, who set it and when. */
export type ScratchEntry = { name: string; size: number; user: string; changed: string };

/** A scratch value: any JSON. */
export type ScratchValue = { name: string; size: number; user: string; changed: string; value: unknown };

/** Since when the caller's account has a second factor, and how many recovery codes are left. */
export type SecondFactor = { enabled: string | null; recovery_codes: number };

/**
 * The address at which others reach the sessions of this store.
 *
 * `problem` says why other machines can't open `url` and what to do about it; it is empty if no
 * problem is known.
 */
export type ServerAddress = { url: string; problem: string };

/**
 * One experiment session, as its members see it.
 *
 * `roles` are the caller's roles, including those given by groups; `group` is the group in which
 * the session was created. `url` is None if no server shows this store. `message` is a free text
 * by the members; `agent` is the name of the program that works in the session. `last_command` is
 * the source of the newest command that does more than manage sessions, cut to 200 characters.
 * `files` is the number of published files.
 */
export type Session = { code: string; url: string | null; label: string; description: string; message: string; agent: string; owner: string; group: string | null; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; state: 'active' | 'closed' | 'disabled' | 'removed'; default: boolean; created: string; last_used: string; commands: number; last_command: string; events: number; members: number; idle_timeout: number | null; lifetime: number | null; closes: string | null; removed: string | null; purged: string | null; files: number };

/**
 * The outputs of a running command up to the moment `until`.
 *
 * `last_message` is the ID of the kernel's last message that is contained in them. The recorder
 * that sent this may end, and the one that goes on then knows what follows.
 */
export type SoFar = { outputs: Array<Stream | DisplayData | ExecuteResult | ErrorOutput>; until: string; last_message?: string };

/**
 * The result of a check: the number of items and bytes verified, damage, and where to continue.
 *
 * `next` is null when the whole store has been verified.
 */
export type StoreCheck = { checked: number; size: number; problems: Array<string>; next: string | null };

/** What is known to be damaged: the whole number, and the latest found; see `Health`. */
export type StoreDamage = { checked: string | null; damaged: number; items: Array<Damage> };

/**
 * A stored login, as `jupyter sessions logins` lists it, without its key.
 *
 * `here` is true if the login is for the server that was asked. `state` is what is known without
 * asking the login's server: `stored` means that it has not ended as far as is known.
 */
export type StoredLogin = { id: string; server: string; user: string; real_user: string | null; group: string | null; label: string; created: string; expires: string | null; here: boolean; state: 'expired' | 'revoked' | 'stored' | 'unknown' };

/** Text written to stdout or stderr (nbformat v4). */
export type Stream = { output_type: 'stream'; name: string; text: string | Array<string> };

/** The roles that a user holds in a session through these groups. */
export type ThroughGroups = { user: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; groups: Array<string> };

/** The ticket in a one-time login link: it works once, for a few minutes. */
export type Ticket = { ticket: string; expires: string };

/** The paths that were removed from the web space. */
export type Unpublished = { paths: Array<string> };

/** The caller. `via` is how they were identified: key, system or identity. */
export type User = { name: string; display_name: string; administrator: boolean; via: string; expires: string | null; guest: boolean };

/** A capability URL: it shows that one publication, without a login, until it expires. */
export type View = { url: string; expires: string };

/** What each operation takes, and what it gives. */
export type Operations = {
  'sessions.create': { request: { label?: string; description?: string; idle_timeout?: number | null; lifetime?: number | null }; answer: Session };
  'sessions.list': { request: { which?: 'all' | 'mine' | 'removed' | 'shared'; search?: string; limit?: number; after?: string | null }; answer: Page<Session> };
  'sessions.get': { request: { code: string }; answer: Session };
  'sessions.update': { request: { code: string; label?: string; description?: string; message?: string; agent?: string }; answer: Session };
  'sessions.remove': { request: { code: string }; answer: Session };
  'sessions.exists': { request: { code: string }; answer: Existence };
  'sessions.set_timeouts': { request: { code: string; idle_timeout?: number | null; lifetime?: number | null }; answer: Session };
  'sessions.resume': { request: { code: string; commands?: number; managing?: boolean; agent?: string }; answer: Resumed };
  'sessions.disable': { request: { code: string }; answer: Session };
  'sessions.enable': { request: { code: string }; answer: Session };
  'sessions.close': { request: { code: string }; answer: Session };
  'sessions.restore': { request: { code: string }; answer: Session };
  'sessions.transfer': { request: { code: string; user: string }; answer: Session };
  'members.list': { request: { code: string }; answer: Members };
  'members.grant': { request: { code: string; grants: Array<Grant> }; answer: Members };
  'members.revoke': { request: { code: string; users: Array<string> }; answer: Members };
  'invitations.create': { request: { code: string; roles?: Array<string>; uses?: number; expires?: number | null; name?: string }; answer: NewInvitation };
  'invitations.list': { request: { code: string; limit?: number; after?: string | null }; answer: Page<Invitation> };
  'invitations.revoke': { request: { code: string; id: number }; answer: Invitation };
  'invitations.look': { request: { key: string }; answer: Invited };
  'invitations.join': { request: { key: string }; answer: Joined };
  'invitations.enter': { request: { key: string; name: string; agent?: string; label?: string }; answer: Entered };
  'presence.list': { request: { code: string }; answer: Present };
  'presence.keep': { request: { code: string; client: string; kind?: 'kernel' | 'program'; agent?: string }; answer: Done };
  'presence.end': { request: { code: string; client: string }; answer: Done };
  'presence.who': { request: {  }; answer: Present };
  'commands.record': { request: { code: string; commands: Array<Recording> }; answer: Recorded };
  'commands.list': { request: { code: string; order?: 'newest' | 'oldest'; user?: string | null; status?: 'aborted' | 'completed' | 'error' | 'running' | null; search?: string; since?: string | null; until?: string | null; managing?: boolean; limit?: number; after?: string | null; outputs_budget?: number }; answer: Page<CommandSummary> };
  'commands.get': { request: { code: string; number: number }; answer: Command };
  'commands.forget': { request: { code: string; number: number }; answer: CommandSummary };
  'files.list': { request: { code: string; folder?: string; deep?: boolean; limit?: number; after?: string | null }; answer: Page<File> };
  'files.get': { request: { code: string; path: string }; answer: File };
  'files.unpublish': { request: { code: string; path: string }; answer: Unpublished };
  'files.download': { request: { code: string; path: string }; answer: Blob };
  'files.publish': { request: { code: string; path: string; media_type?: string; command?: number | null }; answer: File };
  'capability_urls.create': { request: { code: string; path?: string | null; command?: number | null }; answer: View };
  'scratch.set': { request: { code: string; name: string; value: unknown }; answer: ScratchEntry };
  'scratch.get': { request: { code: string; name: string }; answer: ScratchValue };
  'scratch.delete': { request: { code: string; name: string }; answer: ScratchEntry };
  'scratch.list': { request: { code: string; limit?: number; after?: string | null }; answer: Page<ScratchEntry> };
  'attachments.list': { request: { limit?: number; after?: string | null; kernel?: string | null; until?: 'announced' | 'now' | 'settled' }; answer: Page<Attachment> };
  'attachments.get': { request: { kernel: string; until?: 'announced' | 'now' | 'settled' }; answer: Attachment };
  'attachments.put': { request: { kernel: string; session: string; notebook?: string; user?: string | null }; answer: Attachment };
  'attachments.change': { request: { kernel: string; paused?: boolean; skip?: string }; answer: Attachment };
  'attachments.delete': { request: { kernel: string; command?: string | null }; answer: Attachment };
  'server.address': { request: {  }; answer: ServerAddress };
  'storedlogins.list': { request: { limit?: number; after?: string | null }; answer: Page<StoredLogin> };
  'storedlogins.link': { request: { id: string }; answer: LoginLink };
  'events.list': { request: { code: string; order?: 'newest' | 'oldest'; limit?: number; after?: number | null }; answer: Page<Event> };
  'events.follow': { request: { code: string; after?: number | null }; answer: Event };
  'accounts.add': { request: { name: string; password: string; display_name?: string }; answer: Account };
  'accounts.list': { request: { limit?: number; after?: string | null }; answer: Page<Account> };
  'accounts.password': { request: { name: string; password: string }; answer: Account };
  'secondfactor.reset': { request: { name: string }; answer: Account };
  'accounts.disable': { request: { name: string }; answer: Account };
  'accounts.enable': { request: { name: string }; answer: Account };
  'accounts.remove': { request: { name: string }; answer: Account };
  'password.change': { request: { current: string; password: string; code?: string }; answer: PasswordChanged };
  'secondfactor.show': { request: {  }; answer: SecondFactor };
  'secondfactor.create': { request: { password: string }; answer: NewSecondFactor };
  'secondfactor.confirm': { request: { code: string; end_logins?: boolean }; answer: RecoveryCodes };
  'secondfactor.remove': { request: { password: string; code: string; end_logins?: boolean }; answer: Done };
  'logins.create': { request: { user: string; password: string; code?: string; group?: string | null; idle_timeout?: number | null; agent?: string; label?: string; sudo?: string | null }; answer: NewLogin };
  'logins.check': { request: {  }; answer: Login };
  'logins.confirm': { request: { password: string; code?: string }; answer: Login };
  'logins.redeem': { request: { ticket: string; agent?: string; label?: string }; answer: NewLogin };
  'logins.refresh': { request: {  }; answer: Login };
  'logins.set_timeout': { request: { idle_timeout: number }; answer: LoginTimeout };
  'logins.group': { request: { group: string | null }; answer: Login };
  'logins.list': { request: { user?: string | null; limit?: number; after?: string | null }; answer: Page<Login> };
  'logins.issue': { request: { user: string; group?: string | null; idle_timeout?: number | null; label?: string }; answer: NewLogin };
  'logins.revoke': { request: { id: number }; answer: Login };
  'logins.logout': { request: {  }; answer: Done };
  'logins.ticket': { request: {  }; answer: Ticket };
  'logins.whoami': { request: {  }; answer: User };
  'groups.add': { request: { name: string; description?: string; roles?: Array<string>; owners?: Array<string> }; answer: Group };
  'groups.list': { request: { limit?: number; after?: string | null }; answer: Page<Group> };
  'groups.get': { request: { name: string }; answer: Group };
  'groups.change': { request: { name: string; description?: string; roles?: Array<string> }; answer: Group };
  'groups.remove': { request: { name: string }; answer: Group };
  'groupusers.list': { request: { name: string; limit?: number; after?: string | null }; answer: Page<GroupUser> };
  'groupusers.add': { request: { name: string; users: Array<string> }; answer: Group };
  'groupusers.remove': { request: { name: string; users: Array<string> }; answer: Group };
  'groupusers.set_owners': { request: { name: string; users: Array<string>; owner?: boolean }; answer: Group };
  'groups.default': { request: { group: string | null; user?: string | null }; answer: DefaultGroup };
  'audit.list': { request: { user?: string | null; limit?: number; after?: string | null }; answer: Page<AuditEntry> };
  'server.check': { request: { after?: string }; answer: StoreCheck };
  'server.damage': { request: {  }; answer: StoreDamage };
  'server.health': { request: {  }; answer: Health };
  'xmlrpc': { request: { code: string }; answer: Blob };
};

/** How each operation is asked for, and what one must hold for it. */
export const OPERATIONS = {
  'sessions.create': {"method": "POST", "path": "/sessions", "keyed": true},
  'sessions.list': {"method": "GET", "path": "/sessions"},
  'sessions.get': {"method": "GET", "path": "/sessions/{code}", "role": "read", "states": ["active", "closed", "disabled"]},
  'sessions.update': {"method": "PATCH", "path": "/sessions/{code}", "keyed": true, "role": "write", "states": ["active"]},
  'sessions.remove': {"method": "DELETE", "path": "/sessions/{code}", "keyed": true, "role": "owner", "states": ["active", "closed", "disabled"]},
  'sessions.exists': {"method": "GET", "path": "/exists/{code}"},
  'sessions.set_timeouts': {"method": "PUT", "path": "/sessions/{code}/timeouts", "keyed": true, "role": "owner", "states": ["active"]},
  'sessions.resume': {"method": "POST", "path": "/sessions/{code}/resume", "role": "read", "states": ["active", "closed", "disabled"]},
  'sessions.disable': {"method": "POST", "path": "/sessions/{code}/disable", "keyed": true, "role": "owner", "states": ["active"]},
  'sessions.enable': {"method": "POST", "path": "/sessions/{code}/enable", "keyed": true, "role": "owner", "states": ["disabled"]},
  'sessions.close': {"method": "POST", "path": "/sessions/{code}/close", "keyed": true, "role": "owner", "states": ["active", "disabled"]},
  'sessions.restore': {"method": "POST", "path": "/sessions/{code}/restore", "keyed": true, "role": "owner", "states": ["removed"]},
  'sessions.transfer': {"method": "PUT", "path": "/sessions/{code}/owner", "keyed": true, "role": "owner", "states": ["active"]},
  'members.list': {"method": "GET", "path": "/sessions/{code}/members", "role": "read", "states": ["active", "closed", "disabled"]},
  'members.grant': {"method": "POST", "path": "/sessions/{code}/members", "keyed": true, "role": "admin", "states": ["active"]},
  'members.revoke': {"method": "POST", "path": "/sessions/{code}/members/revoke", "keyed": true, "role": "admin", "states": ["active"]},
  'invitations.create': {"method": "POST", "path": "/sessions/{code}/invitations", "keyed": true, "role": "admin", "states": ["active"]},
  'invitations.list': {"method": "GET", "path": "/sessions/{code}/invitations", "role": "admin", "states": ["active", "closed", "disabled"]},
  'invitations.revoke': {"method": "DELETE", "path": "/sessions/{code}/invitations/{id}", "keyed": true, "role": "admin", "states": ["active", "closed"]},
  'invitations.look': {"method": "POST", "path": "/invitation"},
  'invitations.join': {"method": "POST", "path": "/join", "keyed": true},
  'invitations.enter': {"method": "POST", "path": "/join/guest", "keyed": true},
  'presence.list': {"method": "GET", "path": "/sessions/{code}/presence", "role": "read", "states": ["active", "closed", "disabled"]},
  'presence.keep': {"method": "PUT", "path": "/sessions/{code}/presence/{client}", "role": "read", "states": ["active", "closed", "disabled"]},
  'presence.end': {"method": "DELETE", "path": "/sessions/{code}/presence/{client}", "role": "read", "states": ["active", "closed", "disabled"]},
  'presence.who': {"method": "GET", "path": "/presence"},
  'commands.record': {"method": "POST", "path": "/sessions/{code}/commands", "role": "write", "states": ["active"]},
  'commands.list': {"method": "GET", "path": "/sessions/{code}/commands", "role": "read", "states": ["active", "closed", "disabled"]},
  'commands.get': {"method": "GET", "path": "/sessions/{code}/commands/{number}", "role": "read", "states": ["active", "closed", "disabled"]},
  'commands.forget': {"method": "DELETE", "path": "/sessions/{code}/commands/{number}", "keyed": true, "role": "admin", "states": ["active", "closed"], "role-for-own": "write"},
  'files.list': {"method": "GET", "path": "/sessions/{code}/files", "role": "read", "states": ["active", "closed", "disabled"]},
  'files.get': {"method": "GET", "path": "/sessions/{code}/files/{path}", "role": "read", "states": ["active", "closed", "disabled"]},
  'files.unpublish': {"method": "DELETE", "path": "/sessions/{code}/files/{path}", "keyed": true, "role": "write", "states": ["active"]},
  'files.download': {"method": "GET", "path": "/sessions/{code}/content/{path}", "role": "read", "states": ["active", "closed", "disabled"]},
  'files.publish': {"method": "PUT", "path": "/sessions/{code}/content/{path}", "upload": true, "keyed": true, "role": "write", "states": ["active"]},
  'capability_urls.create': {"method": "GET", "path": "/sessions/{code}/view", "role": "read", "states": ["active", "closed", "disabled"]},
  'scratch.set': {"method": "PUT", "path": "/sessions/{code}/scratch/{name}", "role": "write", "states": ["active"]},
  'scratch.get': {"method": "GET", "path": "/sessions/{code}/scratch/{name}", "role": "read", "states": ["active", "closed", "disabled"]},
  'scratch.delete': {"method": "DELETE", "path": "/sessions/{code}/scratch/{name}", "keyed": true, "role": "write", "states": ["active"]},
  'scratch.list': {"method": "GET", "path": "/sessions/{code}/scratch", "role": "read", "states": ["active", "closed", "disabled"]},
  'attachments.list': {"method": "GET", "path": "/attachments"},
  'attachments.get': {"method": "GET", "path": "/attachments/{kernel}"},
  'attachments.put': {"method": "PUT", "path": "/attachments/{kernel}"},
  'attachments.change': {"method": "PATCH", "path": "/attachments/{kernel}"},
  'attachments.delete': {"method": "DELETE", "path": "/attachments/{kernel}"},
  'server.address': {"method": "GET", "path": "/address"},
  'storedlogins.list': {"method": "GET", "path": "/stored-logins"},
  'storedlogins.link': {"method": "POST", "path": "/stored-logins/{id}/link"},
  'events.list': {"method": "GET", "path": "/sessions/{code}/events", "role": "read", "states": ["active", "closed", "disabled"]},
  'events.follow': {"method": "WS", "path": "/sessions/{code}/live", "role": "read", "states": ["active", "closed", "disabled"], "message": "Event"},
  'accounts.add': {"method": "POST", "path": "/accounts", "keyed": true},
  'accounts.list': {"method": "GET", "path": "/accounts"},
  'accounts.password': {"method": "PUT", "path": "/accounts/{name}/password", "keyed": true},
  'secondfactor.reset': {"method": "DELETE", "path": "/accounts/{name}/second-factor", "keyed": true},
  'accounts.disable': {"method": "POST", "path": "/accounts/{name}/disable", "keyed": true},
  'accounts.enable': {"method": "POST", "path": "/accounts/{name}/enable", "keyed": true},
  'accounts.remove': {"method": "DELETE", "path": "/accounts/{name}", "keyed": true},
  'password.change': {"method": "PUT", "path": "/user/password"},
  'secondfactor.show': {"method": "GET", "path": "/user/second-factor"},
  'secondfactor.create': {"method": "POST", "path": "/user/second-factor"},
  'secondfactor.confirm': {"method": "POST", "path": "/user/second-factor/confirm"},
  'secondfactor.remove': {"method": "POST", "path": "/user/second-factor/remove"},
  'logins.create': {"method": "POST", "path": "/login"},
  'logins.check': {"method": "GET", "path": "/login"},
  'logins.confirm': {"method": "POST", "path": "/login/confirm"},
  'logins.redeem': {"method": "POST", "path": "/login/ticket", "keyed": true},
  'logins.refresh': {"method": "POST", "path": "/login/keep"},
  'logins.set_timeout': {"method": "PUT", "path": "/login/timeout", "keyed": true},
  'logins.group': {"method": "PUT", "path": "/login/group", "keyed": true},
  'logins.list': {"method": "GET", "path": "/logins"},
  'logins.issue': {"method": "POST", "path": "/logins", "keyed": true},
  'logins.revoke': {"method": "DELETE", "path": "/logins/{id}", "keyed": true},
  'logins.logout': {"method": "POST", "path": "/logout"},
  'logins.ticket': {"method": "POST", "path": "/tickets"},
  'logins.whoami': {"method": "GET", "path": "/user"},
  'groups.add': {"method": "POST", "path": "/groups", "keyed": true},
  'groups.list': {"method": "GET", "path": "/groups"},
  'groups.get': {"method": "GET", "path": "/groups/{name}"},
  'groups.change': {"method": "PATCH", "path": "/groups/{name}", "keyed": true},
  'groups.remove': {"method": "DELETE", "path": "/groups/{name}", "keyed": true},
  'groupusers.list': {"method": "GET", "path": "/groups/{name}/users"},
  'groupusers.add': {"method": "POST", "path": "/groups/{name}/users", "keyed": true},
  'groupusers.remove': {"method": "POST", "path": "/groups/{name}/users/remove", "keyed": true},
  'groupusers.set_owners': {"method": "PUT", "path": "/groups/{name}/owners", "keyed": true},
  'groups.default': {"method": "PUT", "path": "/user/group", "keyed": true},
  'audit.list': {"method": "GET", "path": "/audit"},
  'server.check': {"method": "GET", "path": "/check"},
  'server.damage': {"method": "GET", "path": "/damage"},
  'server.health': {"method": "GET", "path": "/health"},
  'xmlrpc': {"method": "POST", "path": "/sessions/{code}/xmlrpc"},
} as const;
