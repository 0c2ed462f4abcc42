// The same as jupyter_sessions/formatting.py: the tests of both read tests/fixtures/formatting.json.
import { TranslationBundle } from '@jupyterlab/translation';

import { Role } from '../model/session';
import { INCLUDED } from './roles';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const SIZES = ['kB', 'MB', 'GB', 'TB'];
const HUES = 8;
const GUEST_MARK = /^guest~/;
// Escape sequences, the remains of damaged ones, and control characters that show nothing.
const INVISIBLE =
  // eslint-disable-next-line no-control-regex -- these are what it is about
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x00-\x1f]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\`-~]|\x1b(?:\[[0-?]*[ -/]*|[@-Z\\-_])?|[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]/g;

/** Format a number of bytes in powers of 1000: `999 B`, `1.2 kB`, `48 kB`. */
export function formatSize(count: number): string {
  if (count < 1000) {
    return `${count} B`;
  }
  let amount = count / 1000;
  let unit = 0;
  while (amount >= 999.5 && unit < SIZES.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${rounded(amount)} ${SIZES[unit]}`;
}

/** Format a duration by its largest units: `42 ms`, `5.0 s`, `2 min 05 s`. */
export function formatDuration(seconds: number): string {
  if (seconds < 0.9995) {
    return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  }
  if (seconds < 59.5) {
    return `${rounded(seconds)} s`;
  }
  const two = (value: number): string => String(value).padStart(2, '0');
  const whole = Math.round(seconds);
  if (whole < HOUR) {
    return `${Math.floor(whole / MINUTE)} min ${two(whole % MINUTE)} s`;
  }
  const minutes = Math.round(seconds / MINUTE);
  return `${Math.floor(minutes / 60).toLocaleString('en')} h ${two(minutes % 60)} min`;
}

/** Format the approximate time since a timestamp; a date if that is more than a month. */
export function formatAge(
  instant: string,
  trans: TranslationBundle,
  now = Date.now()
): string {
  const passed = (now - Date.parse(instant)) / 1000;
  if (passed < 45) {
    return trans.__('just now');
  }
  if (passed < 45 * MINUTE) {
    return trans.__('%1 min ago', Math.round(passed / MINUTE) || 1);
  }
  if (passed < 22 * HOUR) {
    return trans.__('%1 h ago', Math.round(passed / HOUR) || 1);
  }
  const days = Math.round(passed / DAY) || 1;
  if (days < 31) {
    return days === 1 ? trans.__('yesterday') : trans.__('%1 days ago', days);
  }
  return formatDay(instant);
}

/** Format a timestamp to the second, in the reader's time zone. */
export function formatSecond(instant: string): string {
  return new Date(instant).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'long'
  });
}

/** Format the day of a timestamp, in the reader's time zone. */
export function formatDay(instant: string): string {
  return new Date(instant).toLocaleDateString(undefined, { dateStyle: 'long' });
}

/** Scale a duration logarithmically to 0 (a millisecond) to 100 (an hour and more). */
export function scaleDuration(seconds: number | null): number {
  if (seconds === null) {
    return 0;
  }
  const place =
    (Math.log10(Math.max(seconds, 0.001) * 1000) / Math.log10(3_600_000)) * 100;
  return Math.min(100, Math.max(0, Math.round(place)));
}

/** Return the roles without those that another one implies: `write` for read and write. */
export function simplifyRoles<T extends string>(roles: readonly T[]): T[] {
  const implied = new Set<string>(
    roles.flatMap(role => INCLUDED[role as Role] ?? [])
  );
  return roles.filter(role => !implied.has(role));
}

/** Format roles without those that another one implies. */
export function formatRoles(roles: readonly string[]): string {
  return simplifyRoles(roles).join(', ');
}

/** Return a user's name without the mark of a guest, which is shown separately. */
export function removeGuestMark(name: string): string {
  return name.replace(GUEST_MARK, '');
}

/** Return the one or two letters of the badge of a user or `@group`. */
export function makeInitials(name: string): string {
  const words = removeGuestMark(name)
    .split(/[\s._@+~-]+/)
    .filter(word => word);
  const letters = words.slice(0, 2).map(word => [...word][0]);
  return letters.join('').toUpperCase() || '?';
}

/** Return the number, 0 to 7, of the colour of a user or `@group` wherever they are shown. */
export function pickHue(name: string): number {
  return (
    [...name].reduce(
      (sum, char, i) => sum + (char.codePointAt(0) ?? 0) * (i + 1),
      0
    ) % HUES
  );
}

/** Return a terminal's text without escape sequences and control characters. */
export function removeSequences(text: string): string {
  return text.replace(INVISIBLE, '');
}

function rounded(amount: number): string {
  const tenths = Math.round(amount * 10);
  return tenths < 100
    ? (tenths / 10).toFixed(1)
    : Math.round(amount).toLocaleString('en');
}
