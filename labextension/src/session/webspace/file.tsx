import { Dialog, showDialog, showErrorMessage } from '@jupyterlab/apputils';

import { File } from '../../api/operations';
import { Refusal } from '../../api/error';
import { copyAddress } from '../../commands/copyAddress';
import { downloadIcon, linkIcon } from '../../components/icons';
import { Act, Person, When } from '../../components/pieces';
import { useShared } from '../../components/shared';
import { WebSpace } from '../../model/webspace';
import { formatSize } from '../../text/formatting';
import { describeRefusal } from '../../text/refusals';
import { SandboxedFrame, useView } from '../sandbox';
import { IPart } from '../part';
import { previewOf } from './preview';
import { buildFileUrl } from '../../text/urls';

interface IFileView {
  space: WebSpace;
  file: File;
  go: IPart['go'];
  /** Why the user may not publish here; empty if they may. */
  hindered: string;
}

/** A published file: its preview, its origin and the actions on it. */
export function FileView(props: IFileView): JSX.Element {
  const { space, file, go, hindered } = props;
  const { trans } = useShared();
  const { open } = space;
  const folder = file.path.split('/').slice(0, -1).join('/');
  return (
    <section className="jp-SessionsFile" aria-label={file.path}>
      <div className="jp-SessionsFile-head">
        <h3>{file.name}</h3>
        <a
          className="jp-Sessions-button"
          href={open.client.address('files.download', {
            code: open.code,
            path: file.path
          })}
          download={file.name}
        >
          <downloadIcon.react tag="span" className="jp-Sessions-actIcon" />
          {trans.__('Download')}
        </a>
        <Act
          icon={linkIcon}
          label={trans.__('Copy URL')}
          onClick={() =>
            void copyAddress(
              open.client,
              buildFileUrl(
                open.session?.url ?? open.client.sessionUrl(open.code),
                file.path
              ),
              trans.__('The URL was copied.')
            )
          }
        />
        <Act
          label={trans.__('Unpublish')}
          text={trans.__('Unpublish')}
          hindered={hindered}
          onClick={() =>
            void unpublish(space, file, trans, () =>
              go({ tab: 'webspace', path: folder })
            )
          }
        />
      </div>
      <dl className="jp-SessionsFile-facts">
        <div>
          <dt>{trans.__('Published')}</dt>
          <dd>
            <Person name={file.publisher} /> <When instant={file.published} />
          </dd>
        </div>
        <div>
          <dt>{trans.__('Size')}</dt>
          <dd>{formatSize(file.size)}</dd>
        </div>
        <div>
          <dt>{trans.__('Type')}</dt>
          <dd>{file.media_type}</dd>
        </div>
        {file.command !== null && (
          <div>
            <dt>{trans.__('Published from')}</dt>
            <dd>
              <button
                type="button"
                className="jp-Sessions-link"
                onClick={() =>
                  go({ tab: 'history', command: file.command ?? undefined })
                }
              >
                {trans.__('command %1', file.command)}
              </button>
            </dd>
          </div>
        )}
      </dl>
      <Preview key={file.sha256} space={space} file={file} />
    </section>
  );
}

const QUERIES = { drawing: 'document=1', site: '', document: 'preview=1' };

function Preview({
  space,
  file
}: {
  space: WebSpace;
  file: File;
}): JSX.Element {
  const { trans } = useShared();
  const kind = previewOf(file);
  if (kind === 'none') {
    return (
      <p className="jp-SessionsWebSpace-none">
        {trans.__("This kind of file can't be previewed.")}
      </p>
    );
  }
  if (kind === 'image') {
    return <Image space={space} file={file} />;
  }
  return (
    <SandboxedFrame
      open={space.open}
      of={{ path: file.path }}
      query={QUERIES[kind]}
      title={trans.__('Preview of %1', file.name)}
      className="jp-mod-tall"
    />
  );
}

function Image({ space, file }: { space: WebSpace; file: File }): JSX.Element {
  const url = useView(space.open, { path: file.path });
  return (
    <div className="jp-SessionsFile-image">
      {url && <img src={url} alt={file.name} />}
    </div>
  );
}

async function unpublish(
  space: WebSpace,
  file: File,
  trans: ReturnType<typeof useShared>['trans'],
  then: () => void
): Promise<void> {
  const result = await showDialog({
    title: trans.__('Unpublish %1?', file.path),
    body: trans.__(
      'It is removed from the web space for all members. The log keeps a record of it.'
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: trans.__('Unpublish') })
    ]
  });
  if (!result.button.accept) {
    return;
  }
  try {
    await space.unpublish(file.path);
    then();
  } catch (error) {
    const { what, next } = describeRefusal(Refusal.from(error), trans);
    await showErrorMessage(
      trans.__('The file was not unpublished'),
      `${what} ${next}`
    );
  }
}
