import { TranslationBundle } from '@jupyterlab/translation';

import { Refusal } from '../api/error';

/** Format an error: what happened, and what to do next. */
export function told(
  refusal: Refusal,
  trans: TranslationBundle
): { what: string; next: string } {
  if (refusal.code === 'not_a_sessions_server' && refusal.status === 404) {
    return {
      what: trans.__('This Jupyter server has no sessions.'),
      next: trans.__(
        'Install jupyter_sessions into the environment of the server, and restart it.'
      )
    };
  }
  if (refusal.offline) {
    return {
      what: trans.__('The server does not answer.'),
      next: trans.__('What you see may be old. It is tried again by itself.')
    };
  }
  return { what: refusal.message, next: refusal.hint };
}
