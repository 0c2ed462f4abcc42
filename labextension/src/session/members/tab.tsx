import { Dialog, showDialog } from '@jupyterlab/apputils';
import * as React from 'react';

import { Member } from '../../api/operations';
import { Refusal } from '../../api/error';
import { useOwned } from '../../components/owned';
import { Act, Avatar, Roles, When } from '../../components/pieces';
import { useShared } from '../../components/shared';
import { Loading, Problem } from '../../components/states';
import { Members } from '../../model/members';
import { Role } from '../../model/session';
import { removeGuestMark } from '../../text/formatting';
import { GRANTABLE, hindrance, meaning } from '../../text/roles';
import { IPart } from '../part';
import { AddMember } from './add';
import { RoleBoxes } from './roleBoxes';

/** The tab of a session's members and roles. */
export function MembersTab({ open }: IPart): JSX.Element {
  const { trans } = useShared();
  const members = useOwned(Members, open);
  const [refusal, setRefusal] = React.useState<Refusal | null>(null);
  const attempt = async (what: Promise<void>): Promise<boolean> => {
    try {
      await what;
      setRefusal(null);
      return true;
    } catch (error) {
      setRefusal(Refusal.from(error));
      return false;
    }
  };
  const { session } = open;
  if (!members.list) {
    return members.problem ? (
      <Problem problem={members.problem} onRetry={() => void members.load()} />
    ) : (
      <Loading what={trans.__('Loading the members')} />
    );
  }
  return (
    <div className="jp-Sessions-scroll">
      <AddMember
        members={members}
        hindered={hindrance(session, 'admin', trans)}
        onAdd={grant => attempt(members.grant([grant]))}
      />
      {refusal && <Problem problem={refusal} />}
      {members.problem && (
        <Problem
          problem={members.problem}
          onRetry={() => void members.load()}
        />
      )}
      <ul className="jp-SessionsMembers" aria-label={trans.__('Members')}>
        {members.list.map(member => (
          <MemberRow
            key={member.user}
            member={member}
            admin={hindrance(session, 'admin', trans)}
            owner={hindrance(session, 'owner', trans)}
            held={session?.roles ?? []}
            onGrant={roles =>
              void attempt(members.grant([{ user: member.user, roles }]))
            }
            onRevoke={() => void attempt(members.revoke([member.user]))}
            onTransfer={() => void attempt(members.transfer(member.user))}
          />
        ))}
      </ul>
      <section className="jp-SessionsMembers-legend">
        <h3>{trans.__('What the roles allow')}</h3>
        <dl>
          {[...GRANTABLE, 'owner' as const].map(role => (
            <div key={role}>
              <dt>
                <span className={`jp-Sessions-chip jp-mod-${role}`}>
                  {role}
                </span>
              </dt>
              <dd>{meaning(role, trans)}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

interface IRow {
  member: Member;
  /** Why the user may not act as an admin or owner; empty if they may. */
  admin: string;
  owner: string;
  held: readonly Role[];
  onGrant: (roles: Role[]) => void;
  onRevoke: () => void;
  onTransfer: () => void;
}

function MemberRow(props: IRow): JSX.Element {
  const { member, admin, owner } = props;
  const { trans } = useShared();
  const fixed = member.owner
    ? trans.__(
        "The owner's roles can't be changed; the session can be transferred."
      )
    : admin;
  const group = member.user.startsWith('@');
  const bare = removeGuestMark(member.user);
  return (
    <li className="jp-SessionsMembers-row">
      <Avatar name={member.user} />
      <span className="jp-SessionsMembers-who">
        <strong>{member.display_name || bare}</strong>
        <span className="jp-Sessions-soft">
          {member.display_name && member.display_name !== bare && `${bare} · `}
          {group && `${trans.__('group')} · `}
          {member.guest && `${trans.__('guest')} · `}
          {member.granted_by && !member.owner
            ? `${trans.__('granted by %1', member.granted_by)} · `
            : `${trans.__('joined')} · `}
          <When instant={member.since} />
        </span>
      </span>
      {member.owner ? (
        <Roles roles={member.roles} />
      ) : (
        <RoleBoxes
          name={member.user}
          roles={member.roles}
          held={props.held}
          hindered={fixed}
          onChange={props.onGrant}
        />
      )}
      <span className="jp-SessionsMembers-acts">
        {!member.owner && (
          <>
            <Act
              label={trans.__('Transfer the session to %1', member.user)}
              text={trans.__('Make owner')}
              hindered={
                owner || (group ? trans.__("A group can't own a session.") : '')
              }
              onClick={() =>
                void confirmed(props.onTransfer, transfer(member, trans))
              }
            />
            <Act
              label={trans.__('Revoke all roles of %1', member.user)}
              text={trans.__('Revoke')}
              hindered={fixed}
              onClick={() =>
                void confirmed(props.onRevoke, revoke(member, trans))
              }
            />
          </>
        )}
      </span>
    </li>
  );
}

type Trans = ReturnType<typeof useShared>['trans'];

function revoke(
  member: Member,
  trans: Trans
): Partial<Dialog.IOptions<unknown>> {
  return {
    title: trans.__('Revoke all roles of %1?', member.user),
    body: trans.__(
      'This takes effect at once, also in pages that they have open.'
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Revoke') })
    ]
  };
}

function transfer(
  member: Member,
  trans: Trans
): Partial<Dialog.IOptions<unknown>> {
  return {
    title: trans.__('Transfer the session to %1?', member.user),
    body: trans.__('Only the new owner can transfer it back.'),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Transfer') })
    ]
  };
}

async function confirmed(
  act: () => void,
  question: Partial<Dialog.IOptions<unknown>>
): Promise<void> {
  const result = await showDialog(question);
  if (result.button.accept) {
    act();
  }
}
