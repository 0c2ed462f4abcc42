import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { parseReference } from '../text/urls';
import { unfit } from '../text/unfit';

export interface INewSession {
  label: string;
  description: string;
  record: boolean;
}

/** Ask for the attributes of a new session. */
export async function askNewSession(
  trans: TranslationBundle,
  notebook: string | null
): Promise<INewSession | null> {
  const form = new NewSessionForm(trans, notebook);
  const result = await showDialog({
    title: trans.__('New session'),
    body: form,
    focusNodeSelector: 'input',
    buttons: [
      Dialog.cancelButton(),
      Dialog.okButton({ label: trans.__('Create') })
    ]
  });
  return result.button.accept ? result.value : null;
}

class NewSessionForm
  extends ReactWidget
  implements Dialog.IBodyWidget<INewSession>
{
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _notebook: string | null
  ) {
    super();
    this.addClass('jp-Sessions');
    this.addClass('jp-SessionsForm');
    this._value = { label: '', description: '', record: _notebook !== null };
  }

  getValue(): INewSession {
    return this._value;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    return (
      <>
        <label>
          {trans.__('Label')}
          <input
            className="jp-Sessions-input"
            maxLength={200}
            placeholder={trans.__('What is it about?')}
            onChange={event => {
              this._value.label = event.target.value;
            }}
          />
        </label>
        <label>
          {trans.__('Description')}
          <textarea
            className="jp-Sessions-input"
            rows={3}
            onChange={event => {
              this._value.description = event.target.value;
            }}
          />
        </label>
        {this._notebook !== null && (
          <label className="jp-mod-check">
            <input
              type="checkbox"
              defaultChecked={this._value.record}
              onChange={event => {
                this._value.record = event.target.checked;
              }}
            />
            {trans.__('Record %1 into this session', this._notebook)}
          </label>
        )}
      </>
    );
  }

  private readonly _value: INewSession;
}

export interface IAsking {
  title: string;
  action: string;
  /** Whether an invitation is accepted, too. */
  joining: boolean;
}

/** Ask for a session's reference; null if the user cancels. */
export async function askReference(
  trans: TranslationBundle,
  { title, action, joining }: IAsking
): Promise<string | null> {
  const result = await showDialog({
    title,
    body: new ReferenceForm(trans, joining),
    focusNodeSelector: 'input',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: action })]
  });
  return result.button.accept ? (result.value ?? '') : null;
}

const EXAMPLE = 'https://…/sessions/…/experiment';

class ReferenceForm extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _joining: boolean
  ) {
    super();
    this.addClass('jp-Sessions');
    this.addClass('jp-SessionsForm');
  }

  getValue(): string {
    return this._value;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const why = this._why(this._value);
    return (
      <div className="jp-SessionsForm-field">
        <label>
          {trans.__('Session URL or code')}
          <input
            className="jp-Sessions-input"
            aria-invalid={why !== ''}
            aria-describedby="jp-sessions-reference"
            placeholder={EXAMPLE}
            autoComplete="off"
            spellCheck={false}
            onChange={event => {
              this._value = event.target.value.trim();
              this._judge(event.target);
              this.update();
            }}
          />
        </label>
        <span
          id="jp-sessions-reference"
          className="jp-Sessions-note"
          role="status"
        >
          {why ||
            (this._joining
              ? trans.__('Paste the URL or invitation you were sent.')
              : trans.__('Paste the URL you were sent.'))}
        </span>
      </div>
    );
  }

  /** The dialog can't be accepted while a field is invalid; it checks before React updates. */
  private _judge(field: HTMLInputElement): void {
    const was = field.validity.valid;
    field.setCustomValidity(this._why(this._value));
    if (field.validity.valid !== was) {
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }
  }

  private _why(value: string): string {
    return value && unfit(parseReference(value), this._joining, this._trans);
  }

  private _value = '';
}
