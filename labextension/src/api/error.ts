/** An error: what happened, what it means and what to do next. */
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

  /** Whether the server could not be reached, or is temporarily out of order. */
  get offline(): boolean {
    // An error about another server that this one can't reach says nothing about this one.
    return (
      this.code === NO_ANSWER ||
      this.status > 502 ||
      (this.status === 502 && this.code === NO_SESSIONS)
    );
  }

  /** Whether the object does not exist (any more) for the user. */
  get missing(): boolean {
    return this.status === 404 || this.code === 'session_disabled';
  }

  static unreachable(): Refusal {
    return new Refusal(0, NO_ANSWER, '');
  }

  /** Parse an error response; other formats come from a proxy. */
  static async read(response: Response): Promise<Refusal> {
    try {
      const { code, message, hint } = await response.json();
      if (typeof code === 'string' && typeof message === 'string') {
        return new Refusal(response.status, code, message, String(hint ?? ''));
      }
    } catch {
      // Not JSON: a proxy's own page.
    }
    return new Refusal(response.status, NO_SESSIONS, response.statusText);
  }

  /** Convert anything thrown to an error of this class. */
  static from(error: unknown): Refusal {
    return error instanceof Refusal
      ? error
      : new Refusal(
          0,
          'internal_error',
          String((error as Error)?.message ?? error)
        );
  }
}

const NO_ANSWER = 'no_answer';
const NO_SESSIONS = 'not_a_sessions_server';
