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
    // What the server itself says of another one that it can't reach is no word about itself.
    return (
      this.code === NO_ANSWER ||
      this.status > 502 ||
      (this.status === 502 && this.code === NO_SESSIONS)
    );
  }

  /** Whether there is nothing (any more) for who asks. */
  get gone(): boolean {
    return this.status === 404 || this.code === 'session_disabled';
  }

  static unreachable(): Refusal {
    return new Refusal(0, NO_ANSWER, '');
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
    return new Refusal(response.status, NO_SESSIONS, response.statusText);
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

const NO_ANSWER = 'no_answer';
const NO_SESSIONS = 'not_a_sessions_server';
