import { Client } from '../api/client';
import { User } from '../api/operations';
import { Refusal } from '../api/error';
import { Store } from './store';

/** The current user at the server; checked again when the window is focused, as logins change. */
export class Identity extends Store {
  constructor(private readonly _client: Client) {
    super();
    void this.look();
    window.addEventListener('focus', this._back);
  }

  user: User | null = null;
  problem: Refusal | null = null;

  async look(): Promise<void> {
    try {
      this.user = await this._client.call('logins.whoami', {});
      this.problem = null;
    } catch (error) {
      this.problem = Refusal.from(error);
      this.user = this.problem.offline ? this.user : null;
    }
    this.touch();
  }

  override dispose(): void {
    window.removeEventListener('focus', this._back);
    super.dispose();
  }

  private readonly _back = (): void => void this.look();
}
