import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Role } from '../model/session';
import {
  formatAge,
  formatSecond,
  makeInitials,
  pickHue,
  removeGuestMark,
  simplifyRoles
} from '../text/formatting';
import { meaning } from '../text/roles';
import { useShared } from './shared';

/** The badge of a user or `@group`; hidden from screen readers, as the name stands beside it. */
export function Avatar({
  name,
  title
}: {
  name: string;
  title?: string;
}): JSX.Element {
  return (
    <span
      className={`jp-Sessions-avatar jp-mod-hue${pickHue(name)} ${name.startsWith('@') ? 'jp-mod-group' : ''}`}
      aria-hidden="true"
      title={title}
    >
      {makeInitials(name)}
    </span>
  );
}

/** A user, and the real user under sudo. */
export function Person(props: {
  name: string;
  really?: string | null;
}): JSX.Element {
  const { trans } = useShared();
  const name = removeGuestMark(props.name);
  return (
    <span className="jp-Sessions-person">
      <Avatar name={props.name} />
      <span className="jp-Sessions-name">{name}</span>
      {name !== props.name && (
        <span
          className="jp-Sessions-chip"
          title={trans.__('Joined by an invitation, without an account')}
        >
          {trans.__('guest')}
        </span>
      )}
      {props.really && (
        <span title={trans.__('The user who really acted')}>
          {trans.__('by %1', props.really)}
        </span>
      )}
    </span>
  );
}

/** A relative time that updates itself, with the exact time in its tooltip. */
export function When({ instant }: { instant: string }): JSX.Element {
  const { trans } = useShared();
  const [, age] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const timer = setInterval(age, 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={instant} title={formatSecond(instant)}>
      {formatAge(instant, trans)}
    </time>
  );
}

/** Roles, without those that others imply. */
export function Roles({ roles }: { roles: readonly Role[] }): JSX.Element {
  const { trans } = useShared();
  return (
    <span className="jp-Sessions-chips">
      {simplifyRoles(roles).map(role => (
        <span
          key={role}
          className={`jp-Sessions-chip jp-mod-${role}`}
          title={meaning(role, trans)}
        >
          {role}
        </span>
      ))}
    </span>
  );
}

interface IAct {
  icon?: LabIcon;
  label: string;
  /** Shown beside the icon; without it, the label is only a tooltip. */
  text?: string;
  /** Why the action is not possible now; empty if it is. */
  hindered?: string;
  className?: string;
  onClick: () => void;
}

/**
 * A button. A disabled one remains focusable, so that its tooltip and description can explain why.
 */
export function Act(props: IAct): JSX.Element {
  const { icon: Icon, hindered } = {
    icon: props.icon,
    hindered: props.hindered
  };
  const id = React.useId();
  return (
    <button
      type="button"
      className={`jp-Sessions-act ${props.className ?? ''} ${props.text ? 'jp-mod-text' : ''}`}
      title={hindered || props.label}
      aria-label={props.label}
      aria-disabled={hindered ? true : undefined}
      aria-describedby={hindered ? id : undefined}
      onClick={event => {
        event.stopPropagation();
        if (!hindered) {
          props.onClick();
        }
      }}
    >
      {Icon && <Icon.react tag="span" className="jp-Sessions-actIcon" />}
      {props.text && <span>{props.text}</span>}
      {hindered && (
        <span id={id} className="jp-Sessions-hidden">
          {hindered}
        </span>
      )}
    </button>
  );
}
