import * as React from 'react';

import { File } from '../../api/operations';
import { fileIcon, folderIcon, imageIcon } from '../../components/icons';
import { useShared } from '../../components/shared';
import { Line, WebSpace } from '../../model/webspace';
import { formatSize } from '../../text/formatting';
import { previewOf } from './preview';

const STEP = 16; // pixels for each level
const ROW = 28; // pixels
const BEYOND = 20; // rows rendered outside of the view

/** The tree of published files, with the usual keyboard navigation. */
export function Tree(props: {
  space: WebSpace;
  chosen: string;
  onChoose: (file: File) => void;
}): JSX.Element {
  const { space, chosen, onChoose } = props;
  const { trans } = useShared();
  const lines = space.lines;
  const [at, setAt] = React.useState(0);
  const [top, setTop] = React.useState(0);
  const tree = React.useRef<HTMLDivElement>(null);
  const id = React.useId();

  const act = (line: Line): void => {
    if (line.kind === 'file') {
      if (line.file.folder) {
        space.toggle(line.file.path);
      }
      onChoose(line.file);
    } else {
      void space.read(line.folder, line.kind === 'more');
    }
  };
  const move = (to: number): void => {
    const place = Math.min(lines.length - 1, Math.max(0, to));
    setAt(place);
    const node = tree.current;
    if (
      node &&
      (place * ROW < node.scrollTop ||
        (place + 1) * ROW > node.scrollTop + node.clientHeight)
    ) {
      node.scrollTop = place * ROW - node.clientHeight / 2;
    }
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const line = lines[at];
    const file = line?.kind === 'file' ? line : null;
    const keys: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Home: () => move(0),
      End: () => move(lines.length - 1),
      Enter: () => line && act(line),
      ' ': () => line && act(line),
      ArrowRight: () => {
        if (file?.expanded) {
          move(at + 1);
        } else if (file?.file.folder) {
          space.toggle(file.file.path);
        }
      },
      ArrowLeft: () => {
        if (file?.expanded) {
          space.toggle(file.file.path);
        } else if (line && line.depth > 0) {
          let up = at;
          while (up > 0 && (lines[up]?.depth ?? 0) >= line.depth) {
            up -= 1;
          }
          move(up);
        }
      }
    };
    const key = keys[event.key];
    if (key) {
      event.preventDefault();
      key();
    }
  };
  const height = tree.current?.clientHeight ?? 600;
  const first = Math.max(0, Math.floor(top / ROW) - BEYOND);
  const last = Math.min(lines.length, Math.ceil((top + height) / ROW) + BEYOND);
  return (
    <div
      ref={tree}
      className="jp-SessionsTree"
      role="tree"
      tabIndex={0}
      aria-label={trans.__('Web space')}
      aria-activedescendant={
        lines[at] && at >= first && at < last ? `${id}-${at}` : undefined
      }
      onKeyDown={onKeyDown}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
    >
      <div
        role="none"
        style={{ height: lines.length * ROW, position: 'relative' }}
      >
        {lines.slice(first, last).map((line, i) => (
          <div
            key={first + i}
            id={`${id}-${first + i}`}
            role="treeitem"
            className={`jp-SessionsTree-line ${first + i === at ? 'jp-mod-active' : ''}`}
            style={{
              top: (first + i) * ROW,
              paddingLeft: 8 + line.depth * STEP
            }}
            aria-level={line.depth + 1}
            aria-setsize={lines.length}
            aria-posinset={first + i + 1}
            aria-expanded={line.kind === 'file' ? line.expanded : undefined}
            aria-selected={line.kind === 'file' && line.file.path === chosen}
            onClick={() => {
              setAt(first + i);
              act(line);
            }}
          >
            <Inside line={line} />
          </div>
        ))}
      </div>
    </div>
  );
}

function Inside({ line }: { line: Line }): JSX.Element {
  const { trans } = useShared();
  if (line.kind === 'more') {
    return <span className="jp-Sessions-soft">{trans.__('More files …')}</span>;
  }
  if (line.kind === 'problem') {
    return (
      <span className="jp-Sessions-soft">
        {trans.__(
          'The files could not be loaded. Click this line to try again.'
        )}
      </span>
    );
  }
  const { file } = line;
  const Icon = file.folder
    ? folderIcon
    : previewOf(file) === 'image'
      ? imageIcon
      : fileIcon;
  return (
    <>
      <span
        className={`jp-SessionsTree-caret ${line.expanded ? 'jp-mod-open' : ''}`}
        style={{ visibility: file.folder ? 'visible' : 'hidden' }}
        aria-hidden="true"
      />
      <Icon.react tag="span" className="jp-Sessions-actIcon" />
      <span className="jp-SessionsTree-name" title={file.path}>
        {file.name}
      </span>
      <span className="jp-Sessions-figure">{formatSize(file.size)}</span>
    </>
  );
}
