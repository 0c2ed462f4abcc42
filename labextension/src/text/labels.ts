import { TranslationBundle } from '@jupyterlab/translation';

const LONGEST = 48; // characters, where a line is all the room there is

// They turn the order of what stands around them, in a label and after it.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** How a session is called on the screen. */
export function called(
  session: { label: string },
  trans: TranslationBundle
): string {
  return session.label.replace(TURNING, '').trim() || trans.__('Untitled');
}

/** The same, short enough for a menu, a tab or a message. */
export function briefly(
  session: { label: string },
  trans: TranslationBundle
): string {
  const characters = [...called(session, trans)];
  return characters.length > LONGEST
    ? `${characters.slice(0, LONGEST - 1).join('')}…`
    : characters.join('');
}

/** The same, told apart from others of a list that are called alike. */
export function among<T extends { label: string; owner: string; code: string }>(
  session: T,
  all: readonly T[],
  trans: TranslationBundle
): string {
  const label = briefly(session, trans);
  const same = all.filter(each => briefly(each, trans) === label).length > 1;
  return same ? `${label} (${session.owner}, ${session.code})` : label;
}
