// Sets the colour scheme before anything is painted; a classic script, so that the page waits.
const KEPT = "jupyter-sessions-theme";

function keptTheme() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // Storage is switched off: the system's scheme it is.
  }
}

{
  const kept = keptTheme();
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
}
