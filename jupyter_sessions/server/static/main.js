// What the pages do beyond plain HTML; each part finds the elements that it is for.
import { enrich } from "./enrich.js";
import { listenToFrames, loadAllFrames } from "./frames.js";
import { showWhoIsHere } from "./here.js";
import { takeInvitation, takeTicket } from "./invitation.js";
import { follow } from "./live.js";
import { listenToKeys } from "./keyboard.js";
import { loadPendingOutputs } from "./pending.js";
import { listenToToggle } from "./toggle.js";
import { keepTimesFresh, sayWhichDay } from "./times.js";

takeInvitation();
takeTicket();
listenToToggle();
listenToFrames();
enrich(document);
keepTimesFresh();
listenToKeys();
loadPendingOutputs();
addEventListener("load", () => setTimeout(loadAllFrames, 200));

const day = document.querySelector("[data-day]");
if (day) sayWhichDay(day);

const here = document.querySelector("[data-here]");
if (here) showWhoIsHere(here);

const history = document.querySelector("[data-follow]");
if (history) follow(history);
