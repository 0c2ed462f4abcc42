import * as React from 'react';

import { Refusal } from '../api/refusal';
import { useShared } from '../look/shared';
import { OpenSession } from '../model/session';
import { told } from '../wording/refusals';

/** What a capability URL is of: a command's outputs, or a published file. */
export interface IViewed {
  command?: number;
  path?: string;
}

/** Ask for a capability URL; it is asked for again before it ends. */
export function useView(open: OpenSession, of: IViewed): string | null {
  return useViewOr(open, of).url;
}

function useViewOr(
  open: OpenSession,
  of: IViewed
): { url: string | null; problem: Refusal | null } {
  const { command, path } = of;
  const [seen, setSeen] = React.useState<{
    url: string | null;
    problem: Refusal | null;
  }>({ url: null, problem: null });
  React.useEffect(() => {
    let here = true;
    const asked = {
      code: open.code,
      command: command ?? null,
      path: path ?? null
    };
    open.client
      .call('views.make', asked)
      .then(view => here && setSeen({ url: local(view.url), problem: null }))
      .catch(
        error => here && setSeen({ url: null, problem: Refusal.of(error) })
      );
    return () => {
      here = false;
    };
  }, [open, command, path]);
  return seen;
}

/** The address as this browser reaches it: the server may be known by other names, too. */
function local(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}

/**
 * What others made, in a frame that can reach neither JupyterLab nor the API: its own origin is
 * none, and the server's policy for it lets it load nothing else.
 */
export function SandboxedFrame(props: {
  open: OpenSession;
  of: IViewed;
  tail?: string;
  title: string;
  className?: string;
}): JSX.Element {
  const { trans } = useShared();
  const { url, problem } = useViewOr(props.open, props.of);
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = React.useState<number | null>(null);
  useFit(frame, setHeight);
  if (problem) {
    const { what, next } = told(problem, trans);
    return (
      <p className="jp-Sessions-note">
        {what} {next}
      </p>
    );
  }
  return (
    <iframe
      ref={frame}
      className={`jp-Sessions-frame ${props.className ?? ''}`}
      title={props.title}
      src={url ? `${url}${props.tail ?? ''}` : undefined}
      sandbox="allow-scripts"
      referrerPolicy="no-referrer"
      loading="lazy"
      onLoad={event => greet(event.currentTarget)}
      style={height ? { height } : undefined}
    />
  );
}

const HIGHEST = 800; // pixels
const LOWEST = 24;

/** Tell a document of ours its colours; it answers with its height. */
function greet(frame: HTMLIFrameElement): void {
  const theme =
    document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light';
  // "*" because a sandboxed document has no origin that could be named; a colour is no secret.
  frame.contentWindow?.postMessage({ jupyterSessions: 'greeting', theme }, '*');
}

/** Make a frame as high as its document says that it is. */
function useFit(
  frame: React.RefObject<HTMLIFrameElement>,
  fit: (height: number) => void
): void {
  React.useEffect(() => {
    const take = (event: MessageEvent): void => {
      // A sandboxed frame has no origin, so that only its window tells who speaks.
      if (
        event.data?.jupyterSessions === 'height' &&
        event.source === frame.current?.contentWindow
      ) {
        const height = Number(event.data.height);
        fit(
          Math.min(
            HIGHEST,
            Math.max(LOWEST, Number.isFinite(height) ? height : 0)
          )
        );
      }
    };
    window.addEventListener('message', take);
    return () => window.removeEventListener('message', take);
  }, [frame, fit]);
}
