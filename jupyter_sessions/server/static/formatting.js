// The same as formatting.py, so that nothing jumps when a script starts: the tests of both read
// tests/fixtures/formatting.json.
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const HUES = 8;

// An age in seconds; null for more than a month, which is written as a date.
export function formatAge(passed) {
  if (passed < 45) return "just now";
  if (passed < 45 * MINUTE) return `${Math.round(passed / MINUTE) || 1} min ago`;
  if (passed < 22 * HOUR) return `${Math.round(passed / HOUR) || 1} h ago`;
  const days = Math.round(passed / DAY) || 1;
  if (days < 31) return days === 1 ? "yesterday" : `${days} days ago`;
  return null;
}

export function removeGuestMark(name) {
  return name.replace(/^guest~/, "");
}

export function makeInitials(name) {
  const words = removeGuestMark(name).split(/[\s._@+~-]+/).filter(Boolean).slice(0, 2);
  return words.map((word) => [...word][0]).join("").toUpperCase() || "?";
}

export function pickHue(name) {
  return [...name].reduce((sum, char, i) => sum + char.codePointAt(0) * (i + 1), 0) % HUES;
}
