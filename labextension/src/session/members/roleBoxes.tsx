import * as React from 'react';

import { useShared } from '../../components/shared';
import { Role } from '../../model/session';
import { GRANTABLE, meaning, addIncluded } from '../../text/roles';

/** Checkboxes for the four roles; implied roles follow automatically. */
export function RoleBoxes(props: {
  name: string;
  roles: readonly Role[];
  held: readonly Role[];
  hindered: string;
  onChange: (roles: Role[]) => void;
}): JSX.Element {
  const { name, held, hindered, onChange } = props;
  const { trans } = useShared();
  const roles = addIncluded(props.roles);
  const id = React.useId();
  return (
    <span
      className="jp-SessionsMembers-roles"
      role="group"
      aria-label={trans.__('Roles of %1', name)}
    >
      {GRANTABLE.map(role => {
        const on = roles.includes(role);
        const implied =
          on &&
          !addIncluded(props.roles.filter(each => each !== role)).every(
            each => each !== role
          );
        const why =
          hindered ||
          (held.includes(role) || held.includes('owner')
            ? ''
            : trans.__(
                "You don't hold the role %1, so you can't grant it.",
                role
              )) ||
          (implied ? trans.__('Another role includes it.') : '');
        return (
          <label key={role} title={why || meaning(role, trans)}>
            <input
              type="checkbox"
              checked={on}
              aria-disabled={why ? true : undefined}
              aria-describedby={why ? `${id}-${role}` : undefined}
              onChange={() => {
                if (!why) {
                  const kept = props.roles.filter(each => each !== role);
                  onChange(on ? kept : [...kept, role]);
                }
              }}
            />
            {role}
            {why && (
              <span id={`${id}-${role}`} className="jp-Sessions-hidden">
                {why}
              </span>
            )}
          </label>
        );
      })}
    </span>
  );
}
