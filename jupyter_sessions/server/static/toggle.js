// The button for light and dark, whose choice is remembered on this browser.
import { paintFrames } from "./frames.js";

export function currentTheme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

export function toggleTheme() {
  const theme = currentTheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("jupyter-sessions-theme", theme);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  paintFrames();
}

export function listenToToggle() {
  const button = document.querySelector("[data-theme-toggle]");
  button.hidden = false;
  button.addEventListener("click", toggleTheme);
}
