import { TranslationBundle } from '@jupyterlab/translation';

import { Refusal } from '../api/error';

/** Format an error: what happened, and what to do next. */
export function describeRefusal(
  refusal: Refusal,
  trans: TranslationBundle
): { what: string; next: string } {
  if (refusal.code === 'not_a_sessions_server' && refusal.status === 404) {
    return {
      what: trans.__('jupyter_sessions is not running on this Jupyter server.'),
      next: trans.__(
        "Install it into the server's environment, and restart the server."
      )
    };
  }
  if (refusal.offline) {
    return {
      what: trans.__('The server does not answer.'),
      next: trans.__('What you see may be outdated. JupyterLab keeps trying.')
    };
  }
  return { what: refusal.message, next: refusal.hint };
}
