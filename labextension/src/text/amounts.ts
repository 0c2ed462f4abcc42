/** Format a number of bytes in the most readable unit. */
export function size(count: number): string {
  if (count < 1000) {
    return `${count} B`;
  }
  const units = ['kB', 'MB', 'GB', 'TB'];
  let amount = count / 1000;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${amount < 9.95 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** Scale a duration logarithmically to 0 (a millisecond) to 100 (an hour and more). */
export function span(seconds: number | null): number {
  if (seconds === null) {
    return 0;
  }
  const place = (Math.log10(Math.max(seconds, 0.001) * 1000) / 6.556) * 100;
  return Math.min(100, Math.max(0, Math.round(place)));
}
