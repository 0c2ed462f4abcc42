import { Command } from '../api/operations';
import { Refusal } from '../api/error';
import { OpenSession } from './session';
import { Store } from './store';

const KEPT = 80;

/** Commands with their outputs, loaded on demand, with a cache of the most recent ones. */
export class Contents extends Store {
  constructor(readonly open: OpenSession) {
    super();
    open.happened.connect((_, event) => {
      if (event.command) {
        this._reading.delete(event.command.number);
        if (this._whole.delete(event.command.number)) {
          this.touch();
        }
      }
    }, this);
  }

  /** A command, if loaded; an error, if loading failed. */
  get(number: number): Command | Refusal | undefined {
    return this._whole.get(number);
  }

  /** Load a command. */
  async read(number: number): Promise<Command> {
    const known = this._whole.get(number);
    if (known && !(known instanceof Refusal)) {
      return known;
    }
    const answer = await (this._reading.get(number) ?? this._ask(number));
    if (answer instanceof Refusal) {
      throw answer;
    }
    return answer;
  }

  /** Request a command, and again if it changes meanwhile. */
  private _ask(number: number): Promise<Command | Refusal> {
    const reading: Promise<Command | Refusal> = this.open.client
      .call('commands.get', { code: this.open.code, number })
      .catch(Refusal.from)
      .then(answer => {
        if (this._reading.get(number) !== reading) {
          return this._reading.get(number) ?? this._ask(number);
        }
        this._reading.delete(number);
        this._keep(number, answer);
        this.touch();
        return answer;
      });
    this._reading.set(number, reading);
    return reading;
  }

  private _keep(number: number, what: Command | Refusal): void {
    this._whole.delete(number);
    this._whole.set(number, what);
    const [oldest] = this._whole.keys();
    if (this._whole.size > KEPT && oldest !== undefined) {
      this._whole.delete(oldest);
    }
  }

  private readonly _whole = new Map<number, Command | Refusal>();
  private readonly _reading = new Map<number, Promise<Command | Refusal>>();
}
