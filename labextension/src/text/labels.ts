import { TranslationBundle } from '@jupyterlab/translation';

const LONGEST = 48; // characters, where there is room for only one line

// They reverse the order of surrounding text, in a label and after it.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

/** Return the display name of a session. */
export function called(
  session: { label: string },
  trans: TranslationBundle
): string {
  return session.label.replace(TURNING, '').trim() || trans.__('Untitled');
}

/** Return the display name, shortened for a menu, a tab or a message. */
export function briefly(
  session: { label: string },
  trans: TranslationBundle
): string {
  const characters = [...called(session, trans)];
  return characters.length > LONGEST
    ? `${characters.slice(0, LONGEST - 1).join('')}…`
    : characters.join('');
}

/** Return the short name; of equal names in a list, also the owner and the time of creation. */
export function among<
  T extends { label: string; owner: string; created: string; code: string }
>(session: T, all: readonly T[], trans: TranslationBundle): string {
  const label = briefly(session, trans);
  const same = all.filter(each => briefly(each, trans) === label);
  if (same.length < 2) {
    return label;
  }
  const about = (each: T): string =>
    `${each.owner}, ${formatMinute(each.created)}`;
  const said = about(session);
  return same.filter(each => about(each) === said).length > 1
    ? `${label} (${said}, ${session.code})`
    : `${label} (${said})`;
}

function formatMinute(instant: string): string {
  return new Date(instant).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}
