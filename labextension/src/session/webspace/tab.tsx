import * as React from 'react';

import { useOwned } from '../../components/owned';
import { publishIcon } from '../../components/icons';
import { useShared } from '../../components/shared';
import { Empty, Loading, Problem } from '../../components/states';
import { WebSpace } from '../../model/webspace';
import { hindrance } from '../../text/roles';
import { IPart } from '../part';
import { FileView } from './file';
import { Tree } from './tree';
import { Uploads } from './uploads';

/** The tab of published files: a tree, and the selected file. */
export function WebSpaceTab({ open, place, go }: IPart): JSX.Element {
  const { trans } = useShared();
  const space = useOwned(WebSpace, open);
  const hindered = hindrance(open.session, 'write', trans);
  const path = place.path ?? '';
  React.useEffect(() => {
    if (path) {
      void space.reveal(path);
    }
  }, [space, path]);
  const chosen = path ? space.find(path) : undefined;
  const folder = chosen?.folder ? path : path.split('/').slice(0, -1).join('/');
  const take = (files: Iterable<globalThis.File>): void => {
    for (const file of files) {
      const to = folder ? `${folder}/${file.name}` : file.name;
      void space.publish(to, file).catch(() => undefined);
    }
  };
  if (!space.loaded) {
    return <Loading what={trans.__('Loading the web space')} />;
  }
  return (
    <DropZone hindered={hindered} onFiles={take}>
      <div className="jp-SessionsWebSpace-bar">
        <Chooser hindered={hindered} onFiles={take} />
        <span className="jp-Sessions-soft">
          {hindered ||
            (folder
              ? trans.__('Drop files here to publish them in %1', folder)
              : trans.__('Drop files here to publish them'))}
        </span>
      </div>
      {space.problem && (
        <Problem problem={space.problem} onRetry={() => void space.read('')} />
      )}
      <Uploads space={space} />
      {space.lines.length === 0 ? (
        <Empty title={trans.__('Nothing published yet')}>
          <p>
            {trans.__(
              "Publish figures, tables, pages and whole folders here for all members. Drop a file here, or use the menu of a notebook's output or of the file browser."
            )}
          </p>
        </Empty>
      ) : (
        <div
          className={`jp-SessionsWebSpace-panes ${chosen ? 'jp-mod-chosen' : ''}`}
        >
          <Tree
            space={space}
            chosen={path}
            onChoose={file => go({ tab: 'webspace', path: file.path })}
          />
          {chosen && !chosen.folder ? (
            <FileView
              key={chosen.path}
              space={space}
              file={chosen}
              go={go}
              hindered={hindered}
            />
          ) : (
            <div className="jp-SessionsWebSpace-none">
              {trans.__('Choose a file to preview it.')}
            </div>
          )}
        </div>
      )}
    </DropZone>
  );
}

/** An upload button, as an alternative to drag and drop. */
function Chooser(props: {
  hindered: string;
  onFiles: (files: FileList) => void;
}): JSX.Element {
  const { trans } = useShared();
  const field = React.useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={field}
        type="file"
        multiple
        hidden
        aria-label={trans.__('Files to publish')}
        onChange={event => {
          if (event.target.files) {
            props.onFiles(event.target.files);
          }
          event.target.value = '';
        }}
      />
      <button
        type="button"
        className="jp-Sessions-button jp-mod-primary"
        aria-disabled={!!props.hindered}
        title={props.hindered || trans.__('Choose files to publish')}
        onClick={() => !props.hindered && field.current?.click()}
      >
        <publishIcon.react tag="span" className="jp-Sessions-actIcon" />
        {trans.__('Publish')}
      </button>
    </>
  );
}

function DropZone(props: {
  hindered: string;
  onFiles: (files: Iterable<globalThis.File>) => void;
  children: React.ReactNode;
}): JSX.Element {
  const [over, setOver] = React.useState(false);
  const carries = (event: React.DragEvent): boolean =>
    !props.hindered && event.dataTransfer.types.includes('Files');
  return (
    <div
      className={`jp-SessionsWebSpace ${over ? 'jp-mod-over' : ''}`}
      onDragOver={event => {
        if (carries(event)) {
          event.preventDefault();
          event.dataTransfer.dropEffect = 'copy';
          setOver(true);
        }
      }}
      onDragLeave={event => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) {
          setOver(false);
        }
      }}
      onDrop={event => {
        setOver(false);
        if (carries(event)) {
          event.preventDefault();
          event.stopPropagation();
          props.onFiles(Array.from(event.dataTransfer.files));
        }
      }}
    >
      {props.children}
    </div>
  );
}
