import { Clipboard, Notification } from '@jupyterlab/apputils';

import { Client } from '../api/client';
import { serverOf } from '../text/references';

/**
 * Copy an address of a session, as a colleague can open it where that is possible; say so where
 * only this machine can.
 */
export async function copyAddress(
  client: Client,
  url: string,
  copied: string
): Promise<void> {
  const own = serverOf(url);
  const shared = own
    ? // Who may not ask for it comes from elsewhere, by an address that works there.
      await client.call('server.address', {}).catch(() => null)
    : null;
  const address =
    own && shared ? `${shared.url}/${url.slice(own.length)}` : url;
  Clipboard.copyToSystem(address);
  if (shared?.problem) {
    Notification.warning(`${copied} ${shared.problem}`, {
      autoClose: 10_000
    });
  } else {
    Notification.success(copied, { autoClose: 2000 });
  }
}
