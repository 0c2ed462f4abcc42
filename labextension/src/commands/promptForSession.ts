import { Notification } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { IAsking } from '../panel/dialogs';
import { Reference, parseReference } from '../text/urls';
import { unfit } from '../text/unfit';

export interface IPromptedSession {
  text: string;
  reference: Reference & { kind: 'session' | 'invitation' };
}

/**
 * Return the session of a reference, `argument` or entered in a dialog. Null if the user cancels, and
 * if the reference is not valid: then an error is shown after `undone`.
 */
export async function promptForSession(
  argument: string | null,
  undone: string,
  asking: IAsking,
  trans: TranslationBundle
): Promise<IPromptedSession | null> {
  const { askReference } = await import('../panel/dialogs');
  const text = argument ?? (await askReference(trans, asking));
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
