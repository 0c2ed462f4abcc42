// j and k walk through the items of a page; the other keys are listed in the help.
import { toggleTheme } from "./toggle.js";

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => document.querySelector('main a[rel="next"]')?.click(),
  p: () => document.querySelector('main a[rel="prev"]')?.click(),
  t: toggleTheme,
  "/": () => document.querySelector("[data-search]")?.focus(),
  "?": () => document.getElementById("help").showModal(),
};

export function listenToKeys() {
  for (const button of document.querySelectorAll("[data-help]")) {
    button.hidden = false;
    button.addEventListener("click", KEYS["?"]);
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest?.("input, select, textarea, dialog, [contenteditable]");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "Enter" && !event.target.closest?.("a, button, summary")) {
      document.querySelector("[data-item].current [data-open]")?.click();
    } else if (Object.hasOwn(KEYS, event.key)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
}

function step(direction) {
  const items = [...document.querySelectorAll("[data-item]")];
  if (!items.length) return;
  const current = items.findIndex((item) => item.classList.contains("current"));
  const start = current < 0 ? firstInView(items) - Math.max(direction, 0) : current;
  const next = Math.min(items.length - 1, Math.max(0, start + direction));
  items[current]?.classList.remove("current");
  items[next].classList.add("current");
  items[next].querySelector("[data-open]")?.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const high = items[next].offsetHeight > innerHeight;
  items[next].scrollIntoView({ block: high ? "start" : "nearest", behavior: calm ? "auto" : "smooth" });
}

function firstInView(items) {
  const index = items.findIndex((item) => item.getBoundingClientRect().bottom > 0);
  return index < 0 ? 0 : index;
}
