import { closeIcon } from '@jupyterlab/ui-components';

import { Act } from '../../components/pieces';
import { useShared } from '../../components/shared';
import { WebSpace } from '../../model/webspace';
import { describeRefusal } from '../../text/refusals';

/** Running and failed uploads. */
export function Uploads({ space }: { space: WebSpace }): JSX.Element {
  const { trans } = useShared();
  return (
    <ul className="jp-SessionsWebSpace-uploads" aria-live="polite">
      {[...space.uploads].map(([path, refusal]) => {
        if (refusal === null) {
          return <li key={path}>{trans.__('Publishing %1 …', path)}</li>;
        }
        const { what, next } = describeRefusal(refusal, trans);
        return (
          <li key={path} className="jp-mod-failed">
            <strong>{trans.__('%1 was not published.', path)}</strong> {what}{' '}
            {next}
            <Act
              icon={closeIcon}
              label={trans.__('Dismiss')}
              onClick={() => space.dismiss(path)}
            />
          </li>
        );
      })}
    </ul>
  );
}
