// Keeps "3 min ago" true, and tells exact times in the reader's own time zone.
import { formatAge } from "./formatting.js";

export function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const instant = new Date(time.dateTime);
    if ("clock" in time.dataset) time.textContent = instant.toLocaleTimeString(undefined, { timeStyle: "short" });
    time.title = instant.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
    const words = formatAge((Date.now() - instant.getTime()) / 1000);
    if (words && / ago$|^just now$|^yesterday$/.test(time.textContent.trim())) time.textContent = words;
  }
  for (const list of root.querySelectorAll("[data-days]")) groupByDay(list);
}

// The server groups by days in UTC. Times are shown in the reader's zone, so the days must be, too.
export function groupByDay(list) {
  let last = "";
  for (const item of list.querySelectorAll("[data-item]")) {
    const instant = new Date(item.querySelector("time[datetime]").dateTime);
    const day = instant.toLocaleDateString("en-GB", { dateStyle: "long" });
    const above = item.previousElementSibling;
    const heading = above?.classList.contains("day") ? above : null;
    if (day === last) heading?.remove();
    else if (!heading) item.before(dayHeading(list, day));
    else if (heading.textContent !== day) heading.replaceWith(dayHeading(list, day));
    last = day;
  }
  if (list.lastElementChild?.classList.contains("day")) list.lastElementChild.remove();
}

// A day that the reader chooses is also in the reader's zone, so the form sends its offset from UTC.
export function sayWhichDay(input) {
  const zone = document.createElement("input");
  zone.type = "hidden";
  zone.name = "zone";
  input.form.append(zone);
  input.form.addEventListener("submit", () => {
    zone.disabled = !input.value;
    zone.value = zone.disabled ? "" : String(-new Date(`${input.value}T00:00`).getTimezoneOffset());
  });
}

function dayHeading(list, words) {
  const heading = document.createElement("h2");
  heading.textContent = words;
  const item = list.tagName === "OL" ? document.createElement("li") : heading;
  item.className = "day";
  if (item !== heading) item.append(heading);
  return item;
}

export function keepTimesFresh() {
  setInterval(() => showTimes(document), 30_000);
}
