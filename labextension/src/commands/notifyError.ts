import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Refusal } from '../api/error';
import { describeRefusal } from '../text/refusals';

/** Tell the user that a requested action failed. */
export function failed(
  what: string,
  error: unknown,
  trans: TranslationBundle
): null {
  const reason = describeRefusal(Refusal.from(error), trans);
  Notification.error(`${what} ${reason.what} ${reason.next}`, {
    autoClose: 10_000
  });
  return null;
}
