import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';

import { OPERATIONS, Operations } from './operations';
import { Refusal } from './error';
import { buildSessionUrl, quotePath } from '../text/urls';

export type OperationName = keyof Operations;
export type RequestOf<N extends OperationName> = Operations[N]['request'];
export type AnswerOf<N extends OperationName> = Operations[N]['answer'];

interface IRoute {
  readonly method: string;
  readonly path: string;
  readonly upload?: boolean;
  readonly keyed?: boolean;
}

/** A client for this Jupyter server's sessions API, by the table of operations. */
export class Client {
  constructor(
    readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()
  ) {}

  /**
   * Call an operation; an error response is thrown as a `Refusal`.
   *
   * If the connection breaks before the response, the request is repeated if that is safe: an
   * idempotency key ensures that changes happen once.
   */
  async call<N extends OperationName>(
    name: N,
    request: RequestOf<N>,
    options: { content?: Blob; signal?: AbortSignal } = {}
  ): Promise<AnswerOf<N>> {
    const { method, url, body } = this._buildRequest(
      name,
      request,
      options.content
    );
    // The server itself disables caching, and would refuse the query field that JupyterLab adds to
    // requests for this purpose.
    const init: RequestInit = { method, cache: 'default' };
    if (body !== undefined) {
      init.body = body;
    }
    if (options.signal) {
      init.signal = options.signal;
    }
    const route: IRoute = OPERATIONS[name];
    if (route.keyed) {
      // `crypto.randomUUID` is not available on remote pages over plain HTTP.
      const headers = new Headers(this.settings.init.headers);
      headers.set('Idempotency-Key', UUID.uuid4());
      init.headers = headers;
    }
    const response = await this._response(url, init, route.keyed);
    if (!response.ok) {
      throw await Refusal.read(response);
    }
    const kind = response.headers.get('Content-Type') ?? '';
    return (
      kind.startsWith('application/json') && !kind.includes('octet')
        ? await response.json()
        : await response.blob()
    ) as AnswerOf<N>;
  }

  /** Log in by a one-time ticket: the browser gets its login. */
  async enter(ticket: string): Promise<void> {
    const body = new URLSearchParams({ ticket });
    const init = { method: 'POST', cache: 'default', body } as const;
    const response = await this._response(this.page('enter'), init);
    if (!response.ok) {
      throw await Refusal.read(response);
    }
  }

  /** Open the WebSocket of an operation that follows something. */
  follow(request: RequestOf<'events.follow'>): WebSocket {
    const { url } = this._buildRequest('events.follow', request);
    const address =
      this.settings.wsUrl + url.slice(this.settings.baseUrl.length);
    return new this.settings.WebSocket(address);
  }

  /** Return the URL of a GET operation, for links and downloads. */
  address<N extends OperationName>(name: N, request: RequestOf<N>): string {
    return this._buildRequest(name, request).url;
  }

  /** Return the URL of one of the server's pages. */
  page(...parts: string[]): string {
    return URLExt.join(this.settings.baseUrl, 'sessions', ...parts);
  }

  /** Return the URL of a session at this server. */
  sessionUrl(code: string): string {
    return buildSessionUrl(URLExt.join(this.settings.baseUrl, '/'), code);
  }

  private async _response(
    url: string,
    init: RequestInit,
    repeatable = false
  ): Promise<Response> {
    for (const wait of [...(repeatable ? REPEATED_AFTER : []), null]) {
      try {
        return await ServerConnection.makeRequest(url, init, this.settings);
      } catch (error) {
        if (init.signal?.aborted) {
          throw error;
        }
      }
      if (wait !== null) {
        await new Promise(resolve => setTimeout(resolve, wait));
      }
    }
    throw Refusal.unreachable();
  }

  private _buildRequest(
    name: OperationName,
    request: object,
    content?: Blob
  ): { method: string; url: string; body?: Blob | string } {
    const route: IRoute = OPERATIONS[name];
    const rest: Record<string, unknown> = { ...request };
    const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) => {
      const value = String(rest[field]);
      delete rest[field];
      // Only a path of the web space has several segments.
      return field === 'path' ? quotePath(value) : encodeURIComponent(value);
    });
    const url = URLExt.join(this.settings.baseUrl, 'sessions/api', path);
    const inQuery = ['GET', 'WS'].includes(route.method) || route.upload;
    if (!inQuery) {
      return { method: route.method, url, body: JSON.stringify(rest) };
    }
    const query = new URLSearchParams();
    for (const [field, value] of Object.entries(rest)) {
      if (value !== undefined && value !== null && value !== '') {
        query.set(field, String(value));
      }
    }
    const asked = [url, query.toString()].filter(part => part).join('?');
    return {
      method: route.method,
      url: asked,
      ...(route.upload && { body: content })
    };
  }
}

/** Milliseconds before a request is repeated after its connection broke. */
const REPEATED_AFTER = [100, 1000];
