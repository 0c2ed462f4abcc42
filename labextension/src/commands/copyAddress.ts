import { Clipboard, Notification } from '@jupyterlab/apputils';

import { Client } from '../api/client';
import { getServer } from '../text/urls';

/**
 * Copy a URL of a session for a colleague, if others can open it; say so if only this machine can.
 */
export async function copyAddress(
  client: Client,
  url: string,
  copied: string
): Promise<void> {
  const own = getServer(url);
  const shared = own
    ? // Users without permission to ask are remote, so their own address works.
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
