// Keeps "3 min ago" true, and tells exact times in the reader's own time zone.
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const instant = new Date(time.dateTime);
    if ("clock" in time.dataset) time.textContent = instant.toLocaleTimeString(undefined, { timeStyle: "short" });
    time.title = instant.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    const words = ago(Date.now() - instant.getTime());
    if (words && / ago$|^just now$|^yesterday$/.test(time.textContent.trim())) time.textContent = words;
  }
  for (const list of root.querySelectorAll("[data-days]")) groupByDay(list);
}

// The server's days are UTC's; with times of day in the reader's zone the days must be, too.
function groupByDay(list) {
  for (const heading of list.querySelectorAll(".day")) heading.remove();
  let last = "";
  for (const time of [...list.querySelectorAll("time[data-clock]")]) {
    const day = new Date(time.dateTime).toLocaleDateString("en-GB", { dateStyle: "long" });
    if (day !== last) time.closest("li").before(dayHeading(day));
    last = day;
  }
}

function dayHeading(words) {
  const item = document.createElement("li");
  item.className = "day";
  item.append(document.createElement("h2"));
  item.firstChild.textContent = words;
  return item;
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
