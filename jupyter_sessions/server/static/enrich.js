// Gives elements, on the page from the start or inserted later, what needs a script.
import { icon } from "./icons.js";
import { showTimes } from "./times.js";
import { fitFrames } from "./frames.js";

export function enrich(root) {
  for (const button of root.querySelectorAll("button[data-copy-text]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button, button.dataset.copyText));
  }
  for (const source of root.querySelectorAll("pre[data-copy]")) addCopier(source);
  showTimes(root);
  fitFrames(root);
}

function addCopier(source) {
  const frame = document.createElement("div");
  frame.className = "source-frame";
  source.replaceWith(frame);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet small copier";
  button.title = "Copy";
  button.append(icon("copy"), icon("done"), hint("Copy the source"));
  button.addEventListener("click", () => copy(button, source.textContent));
  frame.append(source, button);
}

function hint(words) {
  const span = document.createElement("span");
  span.className = "hint";
  span.textContent = words;
  return span;
}

async function copy(button, text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
  } else {
    copyInsecurely(text);
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}

// Over plain HTTP from another machine browsers offer no clipboard object.
function copyInsecurely(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "hint";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
