import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { Attachment, Session } from '../api/operations';
import { CommandIDs } from '../commands/ids';
import { openAt } from '../components/menus';
import { Recording } from '../model/recording';
import { ISessions } from '../tokens';
import { among } from '../text/labels';

const OFFERED = 8; // sessions

/** Open the menu of all actions on a kernel's recording. */
export function openRecordingMenu(
  anchor: HTMLElement,
  sessions: ISessions,
  commands: CommandRegistry,
  trans: TranslationBundle,
  kernel: string,
  path: string
): void {
  const attachment = sessions.recording.attachmentOf(kernel);
  const menu = new Menu({ commands });
  menu.title.label = trans.__('Recording');
  if (attachment) {
    addCurrent(menu, sessions.recording, attachment, kernel);
  }
  const others = offered(sessions, attachment);
  for (const session of others) {
    const label = among(session, others, trans);
    const args = { session: session.code, label, kernel, path };
    menu.addItem({ command: CommandIDs.attach, args });
  }
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.create });
  menu.addItem({ command: CommandIDs.attach, args: { kernel, path } });
  openAt(anchor, menu);
}

function addCurrent(
  menu: Menu,
  recording: Recording,
  attachment: Attachment,
  kernel: string
): void {
  const paused = attachment.state === 'paused';
  menu.addItem({
    command: CommandIDs.pause,
    args: { kernel, paused: !paused }
  });
  menu.addItem({ command: CommandIDs.detach, args: { kernel } });
  const code = recording.codeOf(kernel);
  if (code !== null) {
    menu.addItem({ command: CommandIDs.open, args: { code } });
  }
  menu.addItem({ type: 'separator' });
}

/** The sessions into which the user may record, most recently used first. */
function offered(
  sessions: ISessions,
  attachment: Attachment | null
): Session[] {
  return sessions.list.items
    .filter(
      each =>
        each.state === 'active' &&
        each.roles.includes('write') &&
        each.code !== attachment?.session
    )
    .slice(0, OFFERED);
}
