import { TranslationBundle } from '@jupyterlab/translation';

import { Reference } from './urls';

/** Explain why a reference can't be joined or recorded into; empty if it can. */
export function unfit(
  reference: Reference,
  joining: boolean,
  trans: TranslationBundle
): string {
  switch (reference.kind) {
    case 'session':
      return '';
    case 'invitation':
      return joining
        ? ''
        : trans.__(
            'This is an invitation. Join the session with it first, then record into the session.'
          );
    case 'secret':
      return trans.__(
        'This contains a secret key, which is not an invitation. Anyone who has the key can act as its owner, so do not send it to anyone.'
      );
    case 'nothing':
      return joining
        ? trans.__(
            'This is not a session URL, a code (22 digits) or an invitation.'
          )
        : trans.__('This is not a session URL or a code (22 digits).');
  }
}
