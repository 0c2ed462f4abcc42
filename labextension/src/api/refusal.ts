/** Why something was not done: what happened, what it means, what to do next. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string = ''
  ) {
    super(message);
    this.name = 'Refusal';
  }

  /** Whether the server could not be reached at all, or is not itself now. */
  get offline(): boolean {
    return this.code === UNREACHABLE || this.status >= 502;
  }

  /** Whether there is nothing (any more) for who asks. */
  get gone(): boolean {
    return this.status === 404 || this.code === 'session_disabled';
  }

  static unreachable(): Refusal {
    return new Refusal(0, UNREACHABLE, '');
  }

  /** Read an error answer; what is not of our form comes from something in between. */
  static async read(response: Response): Promise<Refusal> {
    try {
      const { code, message, hint } = await response.json();
      if (typeof code === 'string' && typeof message === 'string') {
        return new Refusal(response.status, code, message, String(hint ?? ''));
      }
    } catch {
      // Not JSON: a proxy's own page.
    }
    return new Refusal(
      response.status,
      'not_a_sessions_server',
      response.statusText
    );
  }

  /** Make a refusal of whatever was thrown. */
  static of(error: unknown): Refusal {
    return error instanceof Refusal
      ? error
      : new Refusal(
          0,
          'internal_error',
          String((error as Error)?.message ?? error)
        );
  }
}

const UNREACHABLE = 'server_unreachable';
