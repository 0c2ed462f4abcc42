// Shows who has the session open, and asks again now and then while the page is looked at.
import { makeInitials, pickHue, removeGuestMark } from "./formatting.js";

const SOON = 2_500;
const EVERY = 20_000;

export function showWhoIsHere(box) {
  async function look() {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch(box.dataset.here, { headers: { Accept: "application/json" } });
      if (answer.ok) show(box, (await answer.json()).here);
    } catch {
      // The next look may do better.
    }
  }
  setTimeout(look, SOON);
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}

function show(box, here) {
  const people = new Map();
  for (const one of here) people.set(one.user, [...(people.get(one.user) ?? []), one]);
  const shape = box.querySelector("template").content.firstElementChild;
  const list = box.querySelector("[data-people]");
  list.replaceChildren(...[...people].map(([user, places]) => person(shape, user, places)));
  box.hidden = people.size === 0;
}

function person(shape, user, places) {
  const made = shape.cloneNode(true);
  const name = removeGuestMark(user);
  const kinds = places.map((each) => each.kind).join(", ");
  made.querySelector(".avatar").textContent = makeInitials(user);
  made.querySelector(".avatar").classList.add(`hue-${pickHue(user)}`);
  made.querySelector(".name").textContent = name;
  made.querySelector(".count").textContent = places.length > 1 ? `×${places.length}` : "";
  made.querySelector(".chip").hidden = !places[0].guest;
  made.title = `${user}: ${kinds}`;
  return made;
}
