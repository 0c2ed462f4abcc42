// Made by `python -m docs.generate`; changes here are lost.

/** One page of a list; `next` is the `after` that asks for the following one. */
export type Page<T> = { items: T[]; next: string | null };

/** A user's account in this store. */
export type Account = { name: string; display_name: string; administrator: boolean; disabled: boolean; created: string; last_login: string | null };

/**
 * A kernel of a Jupyter server that records into a session.
 *
 * `session` is the session's code, `label` its label, `url` its page, `server` the base URL of the
 * server that it is on: null for the store of the Jupyter server itself. Where the caller has no
 * role in it, `session` and `label` are empty and `url` null. `user` is who has attached the
 * kernel. `notebook` is its path, empty where there is none.
 *
 * A state of `waiting` tells that the session takes nothing now (it is disabled, or its server
 * out of reach), so that the `waiting` commands are kept on disk till it does; `problem` says so
 * in a sentence. An attachment that `ended` (its kernel died, its session closed) records
 * no more.
 */
export type Attachment = { kernel: string; kernel_name: string; language: string; notebook: string; session: string; label: string; url: string | null; server: string | null; user: string; state: 'ended' | 'paused' | 'recording' | 'waiting'; waiting: number; problem: string | null; since: string };

/**
 * One line of the audit log. It holds no password, key or code.
 *
 * `user` is who acted, where that is known, `real_user` who really did, under sudo; `address` is
 * where they were, where they came over HTTP. `data` tells whom it concerns (`user`), and of what
 * was refused which `operation` it was and `why`: the error's code. A name that no account has is
 * not written down, for it may be a password that was typed in the wrong field: `unknown` is the
 * same for the same name.
 */
export type AuditEntry = { number: number; at: string; kind: string; user: string; real_user: string | null; address: string; data: Record<string, unknown> };

/**
 * A whole command; `request` and `response` are None once it was forgotten.
 *
 * While it runs there is no response yet, only what it has put out `so_far`, where that is known.
 */
export type Command = { summary: CommandSummary; request: CommandRequest | null; response: CommandResponse | null; so_far: SoFar | null };

/**
 * The half of a command that was asked: what was run, where and when.
 *
 * `notebook` is the path of the notebook or the program that ran it, empty where the kernel was
 * not told; `kernel` is the kernel's id.
 */
export type CommandRequest = { source: string; started: string; language?: string; kernel?: string; notebook?: string; execution_count?: number | null };

/**
 * The half of a command that came back.
 *
 * `outputs` are nbformat v4 outputs, unaltered. `note` tells what was cut, where something was.
 */
export type CommandResponse = { status: 'aborted' | 'completed' | 'error'; outputs: Array<Stream | DisplayData | ExecuteResult | ErrorOutput>; finished: string; duration: number; note?: string };

/**
 * A command as lists show it: `source` and `preview` are cut, the outputs are only counted.
 *
 * `user` is who ran it, empty where nobody can tell (a kernel that several people use).
 * `preview` is the beginning of the outputs' text; `media` the media types that they come in (with
 * `stream` and `error` for those). `real_user` is who really acted, under sudo. `managing` is
 * one that does nothing but manage sessions: `%session` lines and the like alone.
 */
export type CommandSummary = { number: number; user: string; real_user: string | null; started: string; duration: number | null; status: 'aborted' | 'completed' | 'error' | 'running'; source: string; source_cut: boolean; preview: string; media: Array<string>; outputs: number; size: number; language: string; notebook: string; execution_count: number | null; forgotten: boolean; note: string; guest: boolean; managing: boolean };

/** In which group a user's new logins begin. */
export type DefaultGroup = { user: string; group: string | null };

/** A displayed value in one or more media types (nbformat v4). */
export type DisplayData = { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> };

/** The answer of an operation that has nothing more to tell. */
export type Done = { done: boolean };

/** A guest's login, and the session that it reaches. */
export type Entered = { login: NewLogin; session: Session };

export type Error = { code: string; message: string; hint: string };

/** An exception with its traceback, with ANSI colours (nbformat v4). */
export type ErrorOutput = { output_type: 'error'; ename: string; evalue: string; traceback: Array<string> };

/**
 * One line of a session's log; `data` holds no secrets and no content.
 *
 * `kind` is one of `EVENT_KINDS`; newer servers may send more.
 *
 * `command` is there for the kinds that concern one, as it is now.
 */
export type Event = { number: number; at: string; kind: string; user: string; real_user: string | null; data: Record<string, unknown>; command: CommandSummary | null; guest: boolean };

/** The value of a cell's last expression (nbformat v4). */
export type ExecuteResult = { output_type: 'execute_result'; data: Record<string, unknown>; metadata: Record<string, unknown>; execution_count: number | null };

/** Whether the caller has a role in a session of that code. */
export type Existence = { exists: boolean };

/**
 * A published file, or a folder that holds some (`folder` true).
 *
 * Of a folder, `files`, `size` and `published` are of all that is in it (how many, how much, the
 * newest); `publisher` and `command` too, where it is the same for all, else empty and null.
 * `command` is the number of the command whose output it is or, where it is none's, of the one
 * that published it.
 */
export type File = { path: string; name: string; folder: boolean; media_type: string; size: number; sha256: string; publisher: string; published: string; command: number | null; files: number };

/** A user, or `@group`, and the roles to give in place of those held; none means `read`. */
export type Grant = { user: string; roles?: Array<string> };

/**
 * A named set of users.
 *
 * `roles` are what its users get in each session that is made in it from now on: none where it is
 * private. `users` is how many there are, `owners` are those who manage them. `member` and
 * `default` are about the asking user: whether they are in it, and begin their logins in it. Who
 * is in an `external` one is said by the server's identity provider.
 */
export type Group = { name: string; description: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; users: number; owners: Array<string>; member: boolean; default: boolean; created: string; external: boolean };

/** A user in a group. */
export type GroupUser = { user: string; display_name: string; owner: boolean; since: string };

/** Whether the server can do its work. */
export type Health = { ok: boolean; version: string; database: string; writable: boolean; checked: string | null; damaged: number };

/**
 * A key that opens one session with given roles, without the key itself.
 *
 * It is `void` while who made it could not grant its roles any more; `used` is how many have
 * joined by it, of `uses`.
 */
export type Invitation = { id: number; name: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; made_by: string; real_user: string | null; created: string; expires: string; uses: number; used: number; state: 'active' | 'expired' | 'revoked' | 'used_up' | 'void' };

/**
 * What an invitation opens, to whoever holds its key.
 *
 * `guests` tells whether it lets in people without an account.
 */
export type Invited = { label: string; owner: string; made_by: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; expires: string; guests: boolean };

/**
 * The session that an invitation opened.
 *
 * `changed` is false for who held its roles before.
 */
export type Joined = { session: Session; changed: boolean };

/**
 * An authenticated connection: a key, without the key itself.
 *
 * Who is known by the Jupyter server, or works in process, has no key: their login has no `id`,
 * no instants and no time-out. `real_user` is who really acts, under sudo; `made_by` who made the
 * login for the user, where it was somebody else: events name either. A `confined` login reaches
 * the sessions of its group alone. `expires` is its end in any case; unused for `idle_timeout`
 * minutes it ends before. `current` marks the login that this request came with.
 */
export type Login = { id: number | null; user: string; real_user: string | null; made_by: string | null; group: string | null; confined: boolean; label: string; agent: string; created: string | null; last_used: string | null; expires: string | null; idle_timeout: number | null; current: boolean; state: 'active' | 'expired' | 'revoked' };

/**
 * A one-time login link, and the `ticket` that it holds: the way in as whom a login stands for.
 *
 * The login that it gives ends at the latest with the stored one.
 */
export type LoginLink = { url: string; ticket: string; expires: string };

/** What the idle time-out became; `clamped` tells that it is the server's limit instead. */
export type LoginTimeout = { login: Login; clamped: boolean };

/**
 * Someone with roles in a session: a user or, where `group` is set, all users in a group.
 *
 * A group's name stands in `user` with an `@` before it, as in a grant. A `guest` is here by an
 * invitation, without an account.
 */
export type Member = { user: string; group: boolean; display_name: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; owner: boolean; since: string; granted_by: string | null; guest: boolean };

/**
 * All members of a session, the owner first, then groups, then users.
 *
 * After a grant or a revoke, `through_groups` tells of the users named in it who hold roles
 * through groups too: these stay what they are.
 */
export type Members = { members: Array<Member>; through_groups: Array<ThroughGroups> };

/**
 * An invitation that was made; `key` is shown this once and stored only as a hash.
 *
 * `page` is where people join in a browser, None where no server shows this store. `clamped` tells
 * that it expires earlier than was asked for: the server's limit.
 */
export type NewInvitation = { key: string; page: string | null; invitation: Invitation; clamped: boolean };

/**
 * A login that was made; `key` is shown this once and stored only as a hash.
 *
 * `clamped` tells that the idle time-out is shorter than was asked for: the server's limit.
 */
export type NewLogin = { key: string; user: string; display_name: string; login: Login; clamped: boolean };

/**
 * What an authenticator app takes: the secret, and the same as an `otpauth` URI.
 *
 * It counts from when `secondfactor.confirm` has got a first code.
 */
export type NewSecondFactor = { secret: string; uri: string };

/** How many other logins of the account have ended with the old password. */
export type PasswordChanged = { ended: number };

/**
 * Someone who is connected: a page or a kernel that has a session open, or a login in use.
 *
 * `last_act` is when they last ran a command in the session, or used the login. `mine` marks the
 * asker's own. What does not concern the asker is empty.
 */
export type Presence = { user: string; real_user: string | null; guest: boolean; group: string | null; session: string | null; kind: 'kernel' | 'login' | 'page' | 'program'; agent: string; since: string; last_act: string | null; mine: boolean };

/** Who is connected, the longest first; `more` tells that there were too many to name. */
export type Present = { here: Array<Presence>; more: boolean };

/** The numbers of the recorded commands, in the order they were given. */
export type Recorded = { numbers: Array<number> };

/**
 * A command on its way into a session.
 *
 * A command is known by its `id` together with its source and start, since clients number their
 * messages alike: recording the same one twice changes nothing, and the same id with another
 * source or start is another command. Where `keyed`, whoever records has chosen the `id` for this
 * very command, which is then the same whenever it says that it started.
 *
 * A recording without a response is of a command that still runs; what that has put out `so_far`
 * replaces what was told of an earlier moment. The same command with its response is completed,
 * and with another one gets its outputs (of a thread that went on printing, an updated display).
 * `version` counts what a recorder tells of a command: an earlier word that comes late, by a
 * request that was thought to be lost, changes nothing. Without it each word counts as it comes.
 *
 * `runner` is left out where whoever sends this has run it. A Jupyter server that several people
 * use names who did, or null where it can't tell. Believed is a server about its own store alone,
 * and then only of someone who may write in the session; the user of any other such command is
 * unknown.
 */
export type Recording = { id: string; request: CommandRequest; response?: CommandResponse | null; so_far?: SoFar | null; runner?: string | null; keyed?: boolean; version?: number };

/** Codes for when the app is lost: each works once. They are shown this once. */
export type RecoveryCodes = { codes: Array<string>; ended: number };

/** What one finds on taking up a session: what it is, who is in it, its last commands. */
export type Resumed = { session: Session; members: Array<Member>; commands: Array<Command> };

/** What is known of a scratch value: its name, its size as JSON, who set it and when. */
export type ScratchEntry = { name: string; size: number; user: string; changed: string };

/** A scratch value: any JSON. */
export type ScratchValue = { name: string; size: number; user: string; changed: string; value: unknown };

/** Since when the caller's account has a second factor, and how many recovery codes are left. */
export type SecondFactor = { enabled: string | null; recovery_codes: number };

/**
 * Where others reach the sessions of this store.
 *
 * `problem` says why other machines can't open `url`, and what to do about it; empty where nothing
 * speaks against it.
 */
export type ServerAddress = { url: string; problem: string };

/**
 * One experiment, as its members see it.
 *
 * `roles` are the asking member's own and those that groups give them; `group` is the one that
 * it was made in. `url` is None where no server shows this store. `message`
 * is for whatever its members want said on it, `agent` the name of the program that works in it.
 * `last_command` is the source of the newest command that does more than manage sessions, cut to
 * 200 characters.
 */
export type Session = { code: string; url: string | null; label: string; description: string; message: string; agent: string; owner: string; group: string | null; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; state: 'active' | 'closed' | 'disabled' | 'removed'; default: boolean; created: string; last_used: string; commands: number; last_command: string; events: number; members: number; idle_timeout: number | null; lifetime: number | null; closes: string | null; removed: string | null; purged: string | null };

/** What a command that still runs has put out, `until` that moment. */
export type SoFar = { outputs: Array<Stream | DisplayData | ExecuteResult | ErrorOutput>; until: string };

/**
 * What was verified: how many things and bytes, what is wrong, and where to go on.
 *
 * `next` is null when all of the store was verified.
 */
export type StoreCheck = { checked: number; size: number; problems: Array<string>; next: string | null };

/**
 * A stored login, as `jupyter sessions logins` lists it: all but its key.
 *
 * `here` tells that its server is the one that was asked. The `state` is what is known without
 * asking its server: `stored` is one that has not ended, as far as that goes.
 */
export type StoredLogin = { id: string; server: string; user: string; real_user: string | null; group: string | null; label: string; created: string; expires: string | null; here: boolean; state: 'expired' | 'revoked' | 'stored' | 'unknown' };

/** Text written to stdout or stderr (nbformat v4). */
export type Stream = { output_type: 'stream'; name: string; text: string | Array<string> };

/** What a user holds in a session because they are in these groups. */
export type ThroughGroups = { user: string; roles: Array<'admin' | 'execute' | 'owner' | 'read' | 'write'>; groups: Array<string> };

/** What a one-time login link holds: it works once, and for a few minutes. */
export type Ticket = { ticket: string; expires: string };

/** The paths that are gone from the web space. */
export type Unpublished = { paths: Array<string> };

/** Who is asking. `via` tells how they are known: key, system or identity. */
export type User = { name: string; display_name: string; administrator: boolean; via: string; expires: string | null; guest: boolean };

/** A capability URL: whoever has it sees that one publication, until it expires. */
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
  'commands.list': { request: { code: string; order?: 'newest' | 'oldest'; user?: string | null; status?: 'aborted' | 'completed' | 'error' | 'running' | null; search?: string; since?: string | null; until?: string | null; managing?: boolean; limit?: number; after?: string | null }; answer: Page<CommandSummary> };
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
  'server.health': {"method": "GET", "path": "/health"},
  'xmlrpc': {"method": "POST", "path": "/sessions/{code}/xmlrpc"},
} as const;
