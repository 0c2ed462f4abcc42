import { Client } from '../api/client';
import { Attachment } from '../api/operations';
import { Refusal } from '../api/error';
import { isSameServer } from '../text/urls';
import { PolledStore } from './polling';

/** The notebook or console in front. */
export interface IActive {
  kernel: string;
  path: string;
}

const LOOK_EVERY = 4_000; // ms; the outbox and other windows change it too
const MOST = 500;

/** The sessions into which the kernels of this Jupyter server record. */
export class Recording extends PolledStore {
  constructor(private readonly _client: Client) {
    super(LOOK_EVERY);
  }

  attachments: readonly Attachment[] = [];

  /** Why the state is not known. */
  problem: Refusal | null = null;

  /** The notebook that commands act on. */
  get active(): IActive | null {
    return this._active;
  }
  set active(active: IActive | null) {
    if (
      active?.kernel !== this._active?.kernel ||
      active?.path !== this._active?.path
    ) {
      this._active = active;
      this.touch();
    }
  }

  /** The session into which the active notebook records. */
  get activeCode(): string | null {
    return this._active && this.codeOf(this._active.kernel);
  }

  /** The session on this server into which a kernel records. */
  codeOf(kernel: string | null | undefined): string | null {
    const attachment = this.attachmentOf(kernel);
    const here = this._client.settings.baseUrl;
    return (
      (attachment &&
        isSameServer(attachment.server, here) &&
        attachment.session) ||
      null
    );
  }

  /** The session into which a kernel records. */
  attachmentOf(kernel: string | null | undefined): Attachment | null {
    return (
      this.attachments.find(
        each => each.kernel === kernel && each.state !== 'ended'
      ) ?? null
    );
  }

  /**
   * Record a kernel into a session, by code or URL, replacing the previous session.
   *
   * Commands are recorded as the Jupyter server's user, or by a stored login of `user`.
   */
  async attach(
    kernel: string,
    session: string,
    notebook: string,
    user: string | null = null
  ): Promise<Attachment> {
    const attachment = await this._client.call('attachments.put', {
      kernel,
      session,
      notebook,
      user
    });
    this._set(kernel, attachment);
    return attachment;
  }

  /** Pause or resume recording. */
  async pause(kernel: string, paused: boolean): Promise<void> {
    const attachment = await this._client.call('attachments.change', {
      kernel,
      paused
    });
    this._set(kernel, attachment);
  }

  /** Stop recording. */
  async detach(kernel: string): Promise<void> {
    await this._client.call('attachments.delete', { kernel });
    this._set(kernel, null);
  }

  protected async read(): Promise<void> {
    const asked = this._changes;
    try {
      const page = await this._client.call('attachments.list', { limit: MOST });
      if (asked !== this._changes) {
        return;
      }
      const changed =
        JSON.stringify(page.items) !== JSON.stringify(this.attachments);
      if (changed || this.problem) {
        this.attachments = page.items;
        this.problem = null;
        this.touch();
      }
    } catch (error) {
      this.problem = Refusal.from(error);
      this.touch();
      throw error;
    }
  }

  private _set(kernel: string, attachment: Attachment | null): void {
    this._changes += 1;
    const others = this.attachments.filter(each => each.kernel !== kernel);
    this.attachments = attachment ? [...others, attachment] : others;
    this.touch();
  }

  private _active: IActive | null = null;
  private _changes = 0;
}
