import * as React from 'react';

import { CommandSummary } from '../../api/operations';
import { useOwned } from '../../components/owned';
import { useShared } from '../../components/shared';
import { EVERYTHING, History } from '../../model/history';
import { Members } from '../../model/members';

const TYPED_FOR = 300; // ms

/** The filters of the history, and a field to go to a command by its number. */
export function Filters(props: {
  history: History;
  onNumber: (number: number) => void;
}): JSX.Element {
  const { history, onNumber } = props;
  const { trans } = useShared();
  const { filter } = history;
  const members = useOwned(Members, history.open).list;
  const [words, setWords] = React.useState(filter.search);
  React.useEffect(() => setWords(filter.search), [filter.search]);
  React.useEffect(() => {
    if (words === history.filter.search) {
      return;
    }
    const timer = setTimeout(
      () => history.look({ ...history.filter, search: words }),
      TYPED_FOR
    );
    return () => clearTimeout(timer);
  }, [words, history]);
  const statuses: [CommandSummary['status'], string][] = [
    ['completed', trans.__('completed')],
    ['error', trans.__('error')],
    ['aborted', trans.__('aborted')],
    ['running', trans.__('running')]
  ];
  const people = (members ?? []).map(member => member.user);
  return (
    <div className="jp-SessionsHistory-filters" role="search">
      <input
        type="search"
        className="jp-Sessions-input"
        placeholder={trans.__('Search source and output')}
        aria-label={trans.__('Search source and output')}
        value={words}
        onChange={event => setWords(event.target.value)}
      />
      <select
        className="jp-Sessions-input"
        aria-label={trans.__('Who')}
        value={filter.user}
        onChange={event =>
          history.look({ ...filter, user: event.target.value })
        }
      >
        <option value="">{trans.__('Everyone')}</option>
        {[...new Set(filter.user ? [...people, filter.user] : people)].map(
          name => (
            <option key={name}>{name}</option>
          )
        )}
      </select>
      <select
        className="jp-Sessions-input"
        aria-label={trans.__('Status')}
        value={filter.status}
        onChange={event =>
          history.look({
            ...filter,
            status: event.target.value as CommandSummary['status'] | ''
          })
        }
      >
        <option value="">{trans.__('Any status')}</option>
        {statuses.map(([status, label]) => (
          <option key={status} value={status}>
            {label}
          </option>
        ))}
      </select>
      <label
        className="jp-SessionsHistory-managing"
        title={trans.__(
          'Commands that only manage sessions, such as %session history'
        )}
      >
        <input
          type="checkbox"
          checked={filter.managing}
          onChange={event =>
            history.look({ ...filter, managing: event.target.checked })
          }
        />
        {trans.__('Show %session commands')}
      </label>
      {history.leftOut > 0 && (
        <button
          type="button"
          className="jp-Sessions-link"
          title={trans.__(
            'These commands only manage the session. Show them too'
          )}
          onClick={() => history.look({ ...filter, managing: true })}
        >
          {history.complete
            ? trans._n(
                '%1 %session command not shown',
                '%1 %session commands not shown',
                history.leftOut
              )
            : trans._n(
                '%1 %session command not shown so far',
                '%1 %session commands not shown so far',
                history.leftOut
              )}
        </button>
      )}
      {history.filtered ? (
        <button
          type="button"
          className="jp-Sessions-button"
          onClick={() =>
            history.look({ ...EVERYTHING, managing: filter.managing })
          }
        >
          {trans.__('Clear')}
        </button>
      ) : (
        <ToNumber last={history.count} onNumber={onNumber} />
      )}
    </div>
  );
}

function ToNumber(props: {
  last: number;
  onNumber: (number: number) => void;
}): JSX.Element {
  const { trans } = useShared();
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        const field = event.currentTarget.elements.namedItem(
          'number'
        ) as HTMLInputElement;
        const number = Number(field.value);
        if (number >= 1 && number <= props.last) {
          props.onNumber(number);
        }
      }}
    >
      <input
        name="number"
        type="number"
        className="jp-Sessions-input jp-SessionsHistory-number"
        min={1}
        max={props.last || 1}
        placeholder={trans.__('Go to number')}
        aria-label={trans.__('Go to command number')}
      />
    </form>
  );
}
