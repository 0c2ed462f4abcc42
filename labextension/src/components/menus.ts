import { Menu } from '@lumino/widgets';

/** Open a menu at what was clicked, for once: below it, or above where there is more room. */
export function openAt(anchor: Element, menu: Menu): void {
  // What was chosen in it is still to run.
  menu.aboutToClose.connect(() => void setTimeout(() => menu.dispose()), menu);
  const { left, bottom, top } = anchor.getBoundingClientRect();
  menu.open(left, bottom < window.innerHeight / 2 ? bottom : top);
}
