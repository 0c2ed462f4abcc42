import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { codeIn } from '../wording/references';

export interface INewSession {
  label: string;
  description: string;
  record: boolean;
}

/** Ask what a new session is to be. */
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
            {trans.__('Record %1 into it', this._notebook)}
          </label>
        )}
      </>
    );
  }

  private readonly _value: INewSession;
}

/** Ask for the session to join; null where nobody wants to any more. */
export async function askReference(
  trans: TranslationBundle,
  title: string,
  action: string
): Promise<string | null> {
  const form = new ReferenceForm(trans);
  const result = await showDialog({
    title,
    body: form,
    focusNodeSelector: 'input',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: action })]
  });
  return result.button.accept && result.value ? result.value : null;
}

const EXAMPLE = 'https://…/sessions/…/experiment';

class ReferenceForm extends ReactWidget implements Dialog.IBodyWidget<string> {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('jp-Sessions');
    this.addClass('jp-SessionsForm');
  }

  getValue(): string {
    return this._value;
  }

  protected render(): JSX.Element {
    const trans = this._trans;
    const bad = this._value !== '' && codeIn(this._value) === '';
    return (
      <label>
        {trans.__('Session URL or code')}
        <input
          className="jp-Sessions-input"
          aria-invalid={bad}
          aria-describedby="jp-sessions-reference"
          placeholder={EXAMPLE}
          onChange={event => {
            this._value = event.target.value.trim();
            this.update();
          }}
        />
        <span
          id="jp-sessions-reference"
          className="jp-Sessions-note"
          role="status"
        >
          {bad
            ? trans.__('This is neither a session URL nor a code.')
            : trans.__('Whoever shares a session sends you its URL.')}
        </span>
      </label>
    );
  }

  private _value = '';
}
