// Fetches the outputs that were too large to come with the page, when one gets near them.
import { fetchCommand } from "./fragments.js";

export function loadPendingOutputs() {
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        watcher.unobserve(target);
        complete(target);
      }
    },
    { rootMargin: "800px 0px" },
  );
  for (const command of document.querySelectorAll("[data-pending]")) watcher.observe(command);
}

async function complete(command) {
  try {
    const whole = await fetchCommand(command.dataset.pending);
    whole.classList.toggle("current", command.classList.contains("current"));
    command.replaceWith(whole);
  } catch {
    // The preview stays, with its link to the command's own page.
  }
}
