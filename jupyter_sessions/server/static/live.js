// Follows the session: new commands appear on top of the newest page, elsewhere they are counted.
import { fetchCommand } from "./fragments.js";
import { groupByDay } from "./times.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
// What the server closes a connection with when coming back would be in vain.
const FINAL = {
  4401: "Your login has ended. Log in again to see changes live.",
  4403: "The session is not open to you now.",
  4404: "You no longer have access to this session.",
};
const MOST_KEPT = 200;

export function follow(history) {
  const state = document.querySelector("[data-live-state]");
  const arrivals = new Arrivals(history);
  let after = Number(history.dataset.after);
  let wait = FIRST_WAIT;

  function connect() {
    const url = new URL(history.dataset.follow, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("after", after);
    const socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      wait = FIRST_WAIT;
      show(state, true, "Live");
    });
    socket.addEventListener("message", ({ data }) => {
      const event = JSON.parse(data);
      after = Math.max(after, event.number);
      if (event.command) arrivals.take(event.command);
    });
    socket.addEventListener("close", ({ code }) => {
      if (code in FINAL) {
        show(state, false, FINAL[code]);
        return;
      }
      show(state, false, "Connection lost. Trying again…");
      // Not all browsers that were cut off come back at the same instant.
      setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(LONGEST_WAIT, wait * 2);
    });
  }

  connect();
}

function show(state, on, words) {
  state.hidden = false;
  state.classList.toggle("on", on);
  if (state.textContent !== words) state.textContent = words;
}

// Puts commands into the page one after the other, so that they keep their order.
class Arrivals {
  constructor(history) {
    this.history = history;
    this.grows = "grows" in history.dataset;
    this.managing = "managing" in history.dataset;
    this.waiting = new Set();
    this.missed = new Set();
    this.leftOut = new Set();
    this.counted = Number(history.dataset.counted);
    this.highest = Math.max(0, ...this.numbers());
    this.busy = false;
  }

  numbers() {
    return [...this.history.querySelectorAll("[data-number]")].map((each) => Number(each.dataset.number));
  }

  take(command) {
    count(command.number);
    if (command.managing && !this.managing) {
      this.leaveOut(command.number);
      return;
    }
    if (!document.getElementById(`c${command.number}`) && !this.grows) {
      this.announce(command.number);
      return;
    }
    this.waiting.add(command.number);
    this.work();
  }

  leaveOut(number) {
    const line = document.querySelector("[data-left-out]");
    if (!line || !this.grows || number <= this.counted || this.leftOut.has(number)) return;
    this.leftOut.add(number);
    const many = Number(line.dataset.leftOut) + 1;
    line.dataset.leftOut = many;
    const what = document.createElement("code");
    what.textContent = "%session";
    const rest = ` command${many === 1 ? "" : "s"} not shown`;
    line.firstElementChild.replaceChildren(`${many.toLocaleString("en")} `, what, rest);
    line.hidden = false;
    this.tellRange(number);
  }

  async work() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.size) {
      const number = Math.min(...this.waiting);
      this.waiting.delete(number);
      try {
        this.place(number, await fetchCommand(`${this.history.dataset.commandsUrl}${number}?fragment=1`));
      } catch {
        this.announce(number);
      }
    }
    this.busy = false;
  }

  place(number, command) {
    const there = document.getElementById(`c${number}`);
    if (there) {
      command.classList.toggle("current", there.classList.contains("current"));
      there.replaceWith(command);
      return;
    }
    const below = [...this.history.querySelectorAll("[data-number]")].find(
      (each) => Number(each.dataset.number) < number,
    );
    if (!below && this.history.querySelector("[data-number]")) return;
    command.classList.add("fresh");
    document.querySelector(".empty")?.remove();
    if (below) below.before(command);
    else this.history.append(command);
    for (const old of [...this.history.querySelectorAll("[data-number]")].slice(MOST_KEPT)) old.remove();
    groupByDay(this.history);
    this.tellRange(number);
  }

  tellRange(number) {
    const range = document.querySelector("[data-range]");
    if (!range) return;
    const numbers = this.numbers();
    const { dataset } = range;
    dataset.first = numbers.length < MOST_KEPT ? dataset.first : Math.min(...numbers);
    dataset.last = Math.max(number, dataset.last);
    const [first, last] = [dataset.first, dataset.last].map((each) => Number(each).toLocaleString("en"));
    range.textContent = first === last ? `Command ${last}` : `Commands ${first} to ${last}`;
  }

  announce(number) {
    if (number <= this.highest) return;
    this.missed.add(number);
    const box = document.querySelector("[data-arrived]");
    box.hidden = false;
    const many = this.missed.size;
    box.firstElementChild.textContent = many === 1 ? "1 new command" : `${many} new commands`;
  }
}

function count(number) {
  const figure = document.querySelector("[data-commands]");
  const shown = Number(figure.textContent.replaceAll(",", ""));
  if (number > shown) figure.textContent = number.toLocaleString("en");
}
