import { TranslationBundle } from '@jupyterlab/translation';

import { Reference } from './references';

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
            'This is an invitation. Join by it first; then record into the session.'
          );
    case 'secret':
      return trans.__(
        'There is a secret key in this, and it is no invitation. Whoever has the key can act as its owner: send it to nobody.'
      );
    case 'nothing':
      return joining
        ? trans.__(
            'This is neither a session URL nor a code (22 digits) nor an invitation.'
          )
        : trans.__('This is neither a session URL nor a code (22 digits).');
  }
}
