// Frames of user content: they report their height and receive the colour scheme, nothing else.
const HIGHEST = 6000;
const LOWEST = 24;

const frames = () => document.querySelectorAll("iframe[data-fit]");

export function listenToFrames() {
  addEventListener("message", (event) => {
    if (event.data?.jupyterSessions !== "height") return;
    // The origin of a sandboxed frame is "null", so that only its window tells who speaks.
    const frame = [...frames()].find((each) => each.contentWindow === event.source);
    const height = Number(event.data.height);
    if (!frame || !Number.isFinite(height)) return;
    frame.style.height = `${Math.min(HIGHEST, Math.max(LOWEST, height))}px`;
  });
}

// One after the other, once the page stands: a printed page shows what is far below, too.
export function loadAllFrames() {
  const [next] = document.querySelectorAll('.history iframe[loading="lazy"]');
  if (!next) return;
  next.loading = "eager";
  setTimeout(loadAllFrames, 100);
}

export function fitFrames(root) {
  for (const frame of root.querySelectorAll("iframe[data-fit]")) {
    frame.addEventListener("load", () => greet(frame));
    greet(frame); // It may have loaded before this script.
  }
}

export function paintFrames() {
  for (const frame of frames()) greet(frame);
}

// The frame answers with its height.
function greet(frame) {
  const { theme } = document.documentElement.dataset;
  // "*" because a sandboxed document has no origin that could be named; a colour is no secret.
  frame.contentWindow?.postMessage({ jupyterSessions: "greeting", theme }, "*");
}
