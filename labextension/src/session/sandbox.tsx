import * as React from 'react';

import { View } from '../api/operations';
import { Refusal } from '../api/error';
import { useShared } from '../components/shared';
import { OpenSession } from '../model/session';
import { describeRefusal } from '../text/refusals';

/** The target of a capability URL: a command's outputs, or a published file. */
export interface IViewed {
  command?: number;
  path?: string;
}

/** Create a capability URL. */
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
    viewOf(open, { command, path })
      .then(view => here && setSeen({ url: local(view.url), problem: null }))
      .catch(
        error => here && setSeen({ url: null, problem: Refusal.from(error) })
      );
    return () => {
      here = false;
    };
  }, [open, command, path]);
  return seen;
}

const SHARED_FOR = 20_000; // ms; all outputs of a command share one URL

const asked = new WeakMap<OpenSession, Map<string, Promise<View>>>();

function viewOf(open: OpenSession, of: IViewed): Promise<View> {
  const views = asked.get(open) ?? new Map<string, Promise<View>>();
  asked.set(open, views);
  const key = JSON.stringify([of.command, of.path]);
  const known = views.get(key);
  if (known) {
    return known;
  }
  const view = open.client.call('capability_urls.create', {
    code: open.code,
    command: of.command ?? null,
    path: of.path ?? null
  });
  views.set(key, view);
  const forget = (): void => void views.delete(key);
  view.then(() => setTimeout(forget, SHARED_FOR), forget);
  return view;
}

/** Return the URL as this browser reaches it: the server may be known by other names, too. */
function local(url: string): string {
  const { pathname, search } = new URL(url, window.location.href);
  return pathname + search;
}

/**
 * Other users' content, in a frame that can access neither JupyterLab nor the API: it has an opaque
 * origin, and the server's policy prevents it from loading anything else. The frame is within a
 * page of the server, whose policy keeps the content from navigating to another site; JupyterLab's
 * own page has no such policy.
 */
export function SandboxedFrame(props: {
  open: OpenSession;
  of: IViewed;
  /** The part of the capability URL to show, as a path below it. */
  tail?: string;
  /** How it is shown: `preview=1` or `document=1`. */
  query?: string;
  title: string;
  className?: string;
}): JSX.Element {
  const { trans } = useShared();
  const { url, problem } = useViewOr(props.open, props.of);
  const asked = ['framed=1', props.query].filter(part => part).join('&');
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = React.useState<number | null>(null);
  useFit(frame, setHeight);
  if (problem) {
    const { what, next } = describeRefusal(problem, trans);
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
      src={url ? `${url}${props.tail ?? ''}?${asked}` : undefined}
      // The server's page has this origin, and holds the content in a sandbox without one.
      sandbox="allow-scripts allow-same-origin"
      referrerPolicy="no-referrer"
      loading="lazy"
      onLoad={event => greet(event.currentTarget)}
      style={height ? { height } : undefined}
    />
  );
}

const HIGHEST = 800; // pixels
const LOWEST = 24;

/** Send the colour scheme to a document of ours, which answers with its height. */
function greet(frame: HTMLIFrameElement): void {
  const theme =
    document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light';
  frame.contentWindow?.postMessage(
    { jupyterSessions: 'greeting', theme },
    window.location.origin
  );
}

/** Set the height of a frame to the height that its document reports. */
function useFit(
  frame: React.RefObject<HTMLIFrameElement>,
  fit: (height: number) => void
): void {
  React.useEffect(() => {
    const take = (event: MessageEvent): void => {
      if (
        event.origin === window.location.origin &&
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
