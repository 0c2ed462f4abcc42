import * as React from 'react';

import { Refusal } from '../api/error';
import { describeRefusal } from '../text/refusals';
import { useShared } from './shared';

/** An empty state, with its meaning and what to do. */
export function Empty(props: {
  title: string;
  children?: React.ReactNode;
  actions?: React.ReactNode;
}): JSX.Element {
  return (
    <div className="jp-Sessions-empty">
      <h3>{props.title}</h3>
      {props.children}
      {props.actions && (
        <div className="jp-Sessions-emptyActions">{props.actions}</div>
      )}
    </div>
  );
}

/** A loading indicator. */
export function Loading({ what }: { what: string }): JSX.Element {
  return (
    <div className="jp-Sessions-loading" role="status">
      <span className="jp-Sessions-bar" />
      <span className="jp-Sessions-bar" />
      <span className="jp-Sessions-bar" />
      <span className="jp-Sessions-hidden">{what}</span>
    </div>
  );
}

/** An error, and the available actions. */
export function Problem(props: {
  problem: Refusal;
  onRetry?: () => void;
  onLogin?: () => void;
}): JSX.Element {
  const { trans } = useShared();
  const { what, next } = describeRefusal(props.problem, trans);
  const login = props.problem.status === 401 && props.onLogin;
  return (
    <div
      className={`jp-Sessions-problem ${props.problem.offline ? 'jp-mod-offline' : ''}`}
      role="alert"
    >
      <p>
        <strong>{what}</strong> {next}
      </p>
      {login && (
        <button
          type="button"
          className="jp-Sessions-button"
          onClick={props.onLogin}
        >
          {trans.__('Log in')}
        </button>
      )}
      {!login && props.onRetry && (
        <button
          type="button"
          className="jp-Sessions-button"
          onClick={props.onRetry}
        >
          {trans.__('Try now')}
        </button>
      )}
    </div>
  );
}
