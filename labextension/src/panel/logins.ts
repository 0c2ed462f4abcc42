import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

import { User } from '../api/operations';
import { CommandIDs } from '../commands/ids';
import { openAt } from '../components/menus';
import { Logins } from '../model/logins';

/** Open the menu for switching users: the stored logins, another account, and the previous user. */
export async function openLoginMenu(
  anchor: Element,
  logins: Logins,
  user: User | null,
  commands: CommandRegistry,
  trans: TranslationBundle
): Promise<void> {
  const offered = await logins.offered();
  const menu = new Menu({ commands });
  menu.title.label = trans.__('Logins');
  for (const here of [true, false]) {
    for (const { id, server, ...login } of offered) {
      if (login.here === here) {
        const args = {
          login: id,
          user: login.real_user
            ? trans.__('%1 (by %2)', login.user, login.real_user)
            : login.user,
          ...(login.group && { group: login.group }),
          ...(!here && { server })
        };
        menu.addItem({ command: CommandIDs.switchLogin, args });
      }
    }
    menu.addItem({ type: 'separator' });
  }
  menu.addItem({ command: CommandIDs.logIn });
  if (user?.via === 'key') {
    menu.addItem({
      command: CommandIDs.leaveLogin,
      args: { user: user.name }
    });
  }
  openAt(anchor, menu);
}
