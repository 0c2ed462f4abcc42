// Keeps "3 min ago" true, and tells exact times in the reader's own time zone.
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const instant = new Date(time.dateTime);
    time.title = instant.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    const words = ago(Date.now() - instant.getTime());
    if (words && / ago$|^just now$|^yesterday$/.test(time.textContent.trim())) time.textContent = words;
  }
}

export function keepTimesFresh() {
  setInterval(() => showTimes(document), 30_000);
}

// The same words as the server's, so that nothing jumps when the script starts.
function ago(passed) {
  if (passed < 0.75 * MINUTE) return "just now";
  if (passed < 45 * MINUTE) return `${Math.round(passed / MINUTE) || 1} min ago`;
  if (passed < 22 * HOUR) return `${Math.round(passed / HOUR) || 1} h ago`;
  const days = Math.round(passed / DAY) || 1;
  if (days < 31) return days === 1 ? "yesterday" : `${days} days ago`;
  return null;
}
