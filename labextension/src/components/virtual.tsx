import * as React from 'react';

import { Heights } from './heights';

export interface IVirtualList {
  count: number;
  /** The estimated height of a row in pixels. */
  guess: number;
  /** A key that stays the same when rows are inserted before the first one. */
  keyOf: (index: number) => string | number;
  render: (index: number) => React.ReactNode;
  /** Whether a row is hidden, as far as known. */
  hidden?: (index: number) => boolean;
  /** Called with the rows that are in view, or nearly so. */
  onRange?: (first: number, last: number) => void;
  /** Called with whether the list is scrolled to its top. */
  onTop?: (top: boolean) => void;
  label: string;
  role?: 'list' | 'feed';
  className?: string;
  header?: React.ReactNode;
  footer?: React.ReactNode;
  busy?: boolean;
  handle?: React.Ref<IListHandle>;
}

export interface IListHandle {
  /** Scroll a row into view, and focus it. */
  show(index: number, options?: { focus?: boolean }): void;
  toTop(): void;
}

const BEYOND = 600; // pixels rendered outside of the view

/**
 * A list of any length that renders only the rows in view.
 *
 * Rows have the height of their content. When a row above the view turns out to have another height
 * than estimated, the rows in view keep their position.
 */
export function VirtualList(props: IVirtualList): JSX.Element {
  const { count, guess, keyOf } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const heights = React.useMemo(() => new Heights(guess), [guess]);
  const [, draw] = React.useReducer((n: number) => n + 1, 0);
  const view = React.useRef({ top: 0, height: 800 });
  const firstKey = React.useRef<string | number | null>(null);
  const wanted = React.useRef<{ index: number; focus: boolean } | null>(null);
  const active = React.useRef(0);

  const arrived = useArrivals(heights, count, firstKey, keyOf);
  React.useLayoutEffect(() => {
    const node = scroller.current;
    if (node && arrived > 0 && node.scrollTop > 4) {
      node.scrollTop += arrived * guess;
    }
    active.current += arrived;
  });

  const first = count ? heights.rowAt(view.current.top - BEYOND) : 0;
  const last = count
    ? heights.rowAt(view.current.top + view.current.height + BEYOND)
    : -1;

  const { onRange, onTop } = props;
  React.useEffect(() => {
    if (last >= first) {
      onRange?.(first, last);
    }
  }, [first, last, count, onRange]);

  React.useLayoutEffect(() => {
    const node = scroller.current;
    if (!node) {
      return;
    }
    const look = (): void => {
      const head = node.querySelector<HTMLElement>(
        ':scope > .jp-Sessions-listHead'
      );
      view.current = {
        top: node.scrollTop - (head?.offsetHeight ?? 0),
        height: node.clientHeight
      };
      onTop?.(node.scrollTop < 4);
      draw();
    };
    const watch = new ResizeObserver(look);
    watch.observe(node);
    node.addEventListener('scroll', look, { passive: true });
    return () => {
      watch.disconnect();
      node.removeEventListener('scroll', look);
    };
  }, [onTop]);

  const measured = React.useCallback(
    (index: number, height: number) => {
      const by = heights.measure(index, height);
      const node = scroller.current;
      if (by && node) {
        if (heights.offset(index) + height - by <= view.current.top) {
          node.scrollTop += by;
          view.current.top += by;
        }
        draw();
      }
    },
    [heights]
  );

  const show = React.useCallback(
    (index: number, options: { focus?: boolean } = {}) => {
      const node = scroller.current;
      if (!node || index < 0) {
        return;
      }
      active.current = index;
      wanted.current = { index, focus: options.focus ?? false };
      const top = heights.offset(index);
      const bottom = heights.offset(index + 1);
      if (
        top < view.current.top ||
        bottom > view.current.top + view.current.height
      ) {
        node.scrollTop = top;
      }
      draw();
    },
    [heights]
  );
  React.useImperativeHandle(
    props.handle,
    () => ({ show, toTop: () => scroller.current?.scrollTo({ top: 0 }) }),
    [show]
  );

  React.useLayoutEffect(() => {
    const want = wanted.current;
    const row = want && rowOf(scroller.current, want.index);
    if (row) {
      wanted.current = null;
      row.scrollIntoView({ block: 'nearest' });
      if (want.focus) {
        (row.querySelector<HTMLElement>('[data-row-focus]') ?? row).focus({
          preventScroll: true
        });
      }
    }
  });

  /** The first row from there on that is not hidden. */
  const shownAt = (index: number, step: number): number | undefined => {
    let at = Math.min(count - 1, Math.max(0, index));
    while (at >= 0 && at < count) {
      if (!props.hidden?.(at)) {
        return at;
      }
      at += step;
    }
    return undefined;
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    const plain =
      !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (
      !plain ||
      target.closest('input, select, textarea, [contenteditable]')
    ) {
      return;
    }
    const row = target.closest<HTMLElement>('[data-index]');
    const from = row ? Number(row.dataset.index) : active.current;
    const to = MOVES[event.key]?.(from, count);
    if (to !== undefined && count) {
      event.preventDefault();
      const step = to > from ? 1 : -1;
      show(shownAt(to, step) ?? shownAt(to, -step) ?? from, { focus: true });
    }
  };

  const rows = [];
  for (let index = first; index <= last; index++) {
    rows.push(
      <Row
        key={keyOf(index)}
        index={index}
        count={count}
        feed={props.role === 'feed'}
        hidden={props.hidden?.(index) ?? false}
        measured={measured}
      >
        {props.render(index)}
      </Row>
    );
  }
  return (
    // Focusable, so that it can be scrolled by keyboard even if no row can be focused.
    <div
      ref={scroller}
      className={`jp-Sessions-list ${props.className ?? ''}`}
      onKeyDown={onKeyDown}
      tabIndex={0}
      role="group"
      aria-label={props.label}
    >
      <div className="jp-Sessions-listHead">{props.header}</div>
      <div
        role={props.role ?? 'list'}
        aria-busy={props.busy || undefined}
        style={{
          height: heights.total,
          position: 'relative',
          display: count ? undefined : 'none'
        }}
      >
        <div
          role="presentation"
          style={{
            position: 'absolute',
            left: 0,
            right: 0,
            top: heights.offset(first)
          }}
        >
          {rows}
        </div>
      </div>
      {props.footer}
    </div>
  );
}

/** The number of rows inserted before the first one since the last call. */
function useArrivals(
  heights: Heights,
  count: number,
  firstKey: React.MutableRefObject<string | number | null>,
  keyOf: (index: number) => string | number
): number {
  let arrived = 0;
  const added = count - heights.count;
  if (added > 0 && heights.count > 0 && firstKey.current !== null) {
    if (keyOf(0) !== firstKey.current && keyOf(added) === firstKey.current) {
      heights.shift(added);
      arrived = added;
    }
  }
  heights.resize(count);
  firstKey.current = count ? keyOf(0) : null;
  return arrived;
}

function rowOf(
  scroller: HTMLElement | null,
  index: number
): HTMLElement | null {
  return (
    scroller?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null
  );
}

const MOVES: Record<string, (from: number, count: number) => number> = {
  ArrowDown: from => from + 1,
  ArrowUp: from => from - 1,
  j: from => from + 1,
  k: from => from - 1,
  Home: () => 0,
  End: (_, count) => count - 1
};

interface IRow {
  index: number;
  count: number;
  feed: boolean;
  hidden: boolean;
  measured: (index: number, height: number) => void;
  children: React.ReactNode;
}

function Row(props: IRow): JSX.Element {
  const { index, count, feed, hidden, measured, children } = props;
  const node = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const element = node.current;
    if (!element) {
      return;
    }
    if (hidden) {
      measured(index, 0);
      return;
    }
    const look = (): void => {
      if (element.offsetHeight) {
        measured(index, element.getBoundingClientRect().height);
      }
    };
    look();
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => watch.disconnect();
  }, [index, hidden, measured]);
  return (
    <div
      ref={node}
      hidden={hidden}
      className="jp-Sessions-row"
      data-index={index}
      role={feed ? 'article' : 'listitem'}
      aria-posinset={index + 1}
      aria-setsize={count}
      tabIndex={feed ? 0 : undefined}
    >
      {!hidden && children}
    </div>
  );
}
