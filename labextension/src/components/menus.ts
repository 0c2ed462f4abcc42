import { Menu } from '@lumino/widgets';

/** Open a one-time menu at the clicked element: below it, or above if there is more room. */
export function openAt(anchor: Element, menu: Menu): void {
  // The selected command has yet to run.
  menu.aboutToClose.connect(() => void setTimeout(() => menu.dispose()), menu);
  const { left, bottom, top } = anchor.getBoundingClientRect();
  menu.open(left, bottom < window.innerHeight / 2 ? bottom : top);
}
