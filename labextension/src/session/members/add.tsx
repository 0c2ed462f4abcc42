import * as React from 'react';

import { Grant } from '../../api/operations';
import { useOwned } from '../../components/owned';
import { useShared } from '../../components/shared';
import { Members } from '../../model/members';
import { People } from '../../model/people';
import { Role } from '../../model/session';
import { RoleBoxes } from './roleBoxes';

/** The form that adds a member. */
export function AddMember(props: {
  members: Members;
  hindered: string;
  onAdd: (grant: Grant) => Promise<boolean>;
}): JSX.Element {
  const { members, hindered, onAdd } = props;
  const { sessions, trans } = useShared();
  const people = useOwned(People, sessions.client);
  const [user, setUser] = React.useState('');
  const [roles, setRoles] = React.useState<Role[]>(['read']);
  const id = React.useId();
  const known = new Set(members.list?.map(member => member.user));
  const add = async (): Promise<void> => {
    const name = user.trim();
    if (
      name &&
      !hindered &&
      (await onAdd({ user: name, roles: roles as string[] }))
    ) {
      setUser('');
      setRoles(['read']);
    }
  };
  return (
    <form
      className="jp-SessionsMembers-add"
      aria-label={trans.__('Add a member')}
      onSubmit={event => {
        event.preventDefault();
        void add();
      }}
    >
      <input
        className="jp-Sessions-input"
        list={`${id}-people`}
        placeholder={trans.__('User name, or @group')}
        aria-label={trans.__('User name, or @group')}
        value={user}
        disabled={!!hindered}
        title={hindered || undefined}
        onFocus={() => void people.load()}
        onChange={event => setUser(event.target.value)}
      />
      <datalist id={`${id}-people`}>
        {people.list
          .filter(person => !known.has(person.name))
          .map(person => (
            <option key={person.name} value={person.name}>
              {person.display_name}
            </option>
          ))}
      </datalist>
      <RoleBoxes
        name={user.trim() || trans.__('the new member')}
        roles={roles}
        held={members.open.session?.roles ?? []}
        hindered={hindered}
        onChange={setRoles}
      />
      <button
        type="submit"
        className="jp-Sessions-button jp-mod-primary"
        aria-disabled={!!hindered}
        title={hindered || undefined}
      >
        {trans.__('Add')}
      </button>
    </form>
  );
}
