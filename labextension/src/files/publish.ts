import { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog, Notification } from '@jupyterlab/apputils';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { failed } from '../commands/notifyError';
import { published } from '../commands/notebook';
import { publish } from '../model/webspace';
import { ISessions } from '../tokens';
import { among } from '../text/labels';

const MOST = 500; // files of one folder tree

interface IToPublish {
  path: string;
  to: string;
}

/** Publish the selection of the file browser, including the content of folders. */
export async function publishChosen(
  app: JupyterFrontEnd,
  sessions: ISessions,
  chosen: Contents.IModel[],
  trans: TranslationBundle
): Promise<void> {
  const { contents, serverSettings } = app.serviceManager;
  try {
    const code = await whereTo(sessions, trans);
    if (code === null) {
      return;
    }
    const files: IToPublish[] = [];
    for (const item of chosen) {
      await gather(contents, item, item.name, files);
    }
    if (files.length > MOST) {
      Notification.warning(
        trans.__(
          'Nothing was published, since there are more than %1 files.',
          MOST
        )
      );
      return;
    }
    for (const { path, to } of files) {
      const url = await contents.getDownloadUrl(path);
      const response = await ServerConnection.makeRequest(
        url,
        {},
        serverSettings
      );
      if (!response.ok) {
        throw new ServerConnection.ResponseError(response);
      }
      await publish(
        { client: sessions.client, code },
        to,
        await response.blob()
      );
    }
    const [first] = files;
    if (first && files.length === 1) {
      published(app, code, first.to, trans);
    } else {
      Notification.success(
        trans._n(
          '%1 file was published.',
          '%1 files were published.',
          files.length
        ),
        { autoClose: 4000 }
      );
    }
  } catch (error) {
    failed(trans.__('Some files were not published.'), error, trans);
  }
}

/** Ask for a session; the active notebook's session comes first. */
async function whereTo(
  sessions: ISessions,
  trans: TranslationBundle
): Promise<string | null> {
  const active = sessions.recording.activeCode;
  const { items } = await sessions.client.call('sessions.list', { limit: 200 });
  const open = items.filter(
    each => each.state === 'active' && each.roles.includes('write')
  );
  open.sort((a, b) => Number(b.code === active) - Number(a.code === active));
  if (!open.length) {
    Notification.info(
      trans.__(
        'There is no session in which you can publish. Create one first.'
      )
    );
    return null;
  }
  const names = open.map(each => among(each, open, trans));
  const asked = await InputDialog.getItem({
    title: trans.__('Publish to'),
    items: names,
    current: 0,
    okLabel: trans.__('Publish')
  });
  const place = asked.button.accept ? names.indexOf(asked.value ?? '') : -1;
  return open[place]?.code ?? null;
}

async function gather(
  contents: Contents.IManager,
  item: Contents.IModel,
  to: string,
  files: IToPublish[]
): Promise<void> {
  if (item.type !== 'directory') {
    files.push({ path: item.path, to });
    return;
  }
  const folder = await contents.get(item.path, { content: true });
  for (const inside of folder.content as Contents.IModel[]) {
    if (files.length <= MOST) {
      await gather(contents, inside, `${to}/${inside.name}`, files);
    }
  }
}
