import { TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Format the approximate time since a timestamp; a date if that is more than a month. */
export function ago(
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
  return day(instant);
}

/** Format a timestamp to the second, in the reader's time zone. */
export function exact(instant: string): string {
  return new Date(instant).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'long'
  });
}

/** Format the day of a timestamp, in the reader's time zone. */
export function day(instant: string): string {
  return new Date(instant).toLocaleDateString(undefined, { dateStyle: 'long' });
}

/** Format a duration in the most readable unit. */
export function lasted(seconds: number): string {
  if (seconds < 0.9995) {
    return `${Math.max(1, Math.round(seconds * 1000))} ms`;
  }
  if (seconds < MINUTE) {
    return `${seconds < 9.95 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  }
  const two = (value: number): string =>
    String(Math.floor(value)).padStart(2, '0');
  if (seconds < HOUR) {
    return `${Math.floor(seconds / MINUTE)} min ${two(seconds % MINUTE)} s`;
  }
  return `${Math.floor(seconds / HOUR).toLocaleString()} h ${two((seconds % HOUR) / MINUTE)} min`;
}
