import { ServerConnection } from '@jupyterlab/services';

import { Client } from '../api/client';

type Answer = { status?: number; body?: unknown };
type Script = (asked: {
  method: string;
  url: URL;
  body: unknown;
  headers: Headers;
}) => Answer | Promise<Answer>;

/** A client whose server answers by script, and what it was asked. */
export function scripted(script: Script): { client: Client; asked: string[] } {
  const asked: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://here/base/',
    wsUrl: 'ws://here/base/',
    token: '',
    WebSocket: Socket as unknown as typeof WebSocket,
    fetch: async (request: RequestInfo | URL) => {
      const { method, url } = request as Request;
      const content = await (request as Request).text();
      const at = new URL(url);
      asked.push(`${method} ${at.pathname}${at.search}`);
      const body =
        content && content.startsWith('{') ? JSON.parse(content) : content;
      const { status = 200, body: answer = {} } = await script({
        method,
        url: at,
        body,
        headers: (request as Request).headers
      });
      return new Response(JSON.stringify(answer), {
        status,
        headers: { 'Content-Type': 'application/json' }
      });
    }
  });
  return { client: new Client(settings), asked };
}

/** A WebSocket that a test opens, closes and speaks through. */
export class Socket {
  static all: Socket[] = [];

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  static get last(): Socket {
    const last = Socket.all[Socket.all.length - 1];
    if (!last) {
      throw new Error('no WebSocket was opened');
    }
    return last;
  }

  say(event: object): void {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  close(): void {
    this.closed = true;
  }

  closed = false;
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: (event: { code: number }) => void;
}

/** Let all that waits for nothing but its turn happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) {
    await new Promise(resolve => setTimeout(resolve));
  }
}
