import {
  Event as SessionEvent,
  Grant,
  Member,
  Members as Answer
} from '../api/operations';
import { Refusal } from '../api/error';
import { OpenSession } from './session';
import { Store } from './store';

/** The current members of a session. */
export class Members extends Store {
  constructor(readonly open: OpenSession) {
    super();
    open.happened.connect(this._take, this);
    void this.load();
  }

  /** The owner first; null until they are loaded. */
  list: readonly Member[] | null = null;
  problem: Refusal | null = null;

  async load(): Promise<void> {
    await this._answer(
      this.open.client.call('members.list', { code: this.open.code })
    );
  }

  /** Replace the roles of members. */
  async grant(grants: Grant[]): Promise<void> {
    await this._done(
      this.open.client.call('members.grant', { code: this.open.code, grants })
    );
  }

  /** Take all roles away. */
  async revoke(users: string[]): Promise<void> {
    await this._done(
      this.open.client.call('members.revoke', { code: this.open.code, users })
    );
  }

  /** Make another user the owner. */
  async transfer(user: string): Promise<void> {
    await this.open.client.call('sessions.transfer', {
      code: this.open.code,
      user
    });
    await this.load();
  }

  override dispose(): void {
    this.open.happened.disconnect(this._take, this);
    super.dispose();
  }

  private async _answer(asked: Promise<Answer>): Promise<void> {
    try {
      this.list = (await asked).members;
      this.problem = null;
    } catch (error) {
      this.problem = Refusal.from(error);
    }
    this.touch();
  }

  /** Errors of the user's own actions are reported to the user, and change nothing here. */
  private async _done(asked: Promise<Answer>): Promise<void> {
    this.list = (await asked).members;
    this.touch();
  }

  private _take(_: OpenSession, event: SessionEvent): void {
    if (/^member\.|^session\.transferred$/.test(event.kind)) {
      void this.load();
    }
  }
}
