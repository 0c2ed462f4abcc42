import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IAsking } from '../panel/dialogs';
import { Reference, parseReference } from '../text/urls';
import { unfit } from '../text/unfit';

export interface IAsked {
  text: string;
  reference: Reference & { kind: 'session' | 'invitation' };
}

/**
 * Return the session of a reference, `given` or entered in a dialog. Null if the user cancels, and
 * if the reference is not valid: then an error is shown after `undone`.
 */
export async function asked(
  given: string | null,
  undone: string,
  asking: IAsking,
  trans: TranslationBundle
): Promise<IAsked | null> {
  const { askReference } = await import('../panel/dialogs');
  const text = given ?? (await askReference(trans, asking));
  if (text === null) {
    return null;
  }
  const reference = parseReference(text);
  const why = unfit(reference, asking.joining, trans);
  if (why || reference.kind === 'secret' || reference.kind === 'nothing') {
    Notification.error(`${undone} ${why}`);
    return null;
  }
  return { text, reference };
}
