// Fetches the HTML of one command and puts it in place.
import { enrich } from "./enrich.js";

// Thrown for an answer that is no fragment: the login has ended, or the role is gone.
export class Refused extends Error {}

export async function fetchCommand(url) {
  const answer = await fetch(url, { redirect: "manual" });
  if (!answer.ok) throw new Refused(`${answer.status}`);
  const template = document.createElement("template");
  // Our own server escaped every word of it, and this page's policy runs no inline script.
  template.innerHTML = await answer.text();
  const command = template.content.querySelector("article");
  enrich(template.content);
  return command;
}
