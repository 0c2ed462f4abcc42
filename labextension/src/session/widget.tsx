import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ReactWidget } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';

import { experimentsIcon } from '../components/icons';
import { IShared, Shared } from '../components/shared';
import { OpenSession } from '../model/session';
import { briefly } from '../text/labels';
import { IPlace } from './part';
import { SessionView } from './view';

/** A session in the main area. */
export class SessionWidget extends ReactWidget {
  constructor(
    readonly code: string,
    private readonly _shared: IShared,
    private readonly _rendermime: IRenderMimeRegistry,
    place: IPlace
  ) {
    super();
    this._place = place;
    this.open = _shared.sessions.open.take(code);
    this.addClass('jp-Sessions');
    this.addClass('jp-SessionsTab');
    this.title.icon = experimentsIcon;
    this.title.closable = true;
    this.open.changed.connect(this._name, this);
    this.open.changed.connect(this._tellList, this);
    this._name();
  }

  readonly open: OpenSession;

  get place(): IPlace {
    return this._place;
  }

  /** Emitted when another tab of the session is shown. */
  get moved(): ISignal<this, IPlace> {
    return this._moved;
  }

  /** Show another tab of the session. */
  go(place: IPlace): void {
    this._place = place;
    this._moved.emit(place);
    this.update();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.open.changed.disconnect(this._name, this);
      this.open.changed.disconnect(this._tellList, this);
      this._shared.sessions.open.release(this.open);
      super.dispose();
    }
  }

  protected render(): JSX.Element {
    return (
      <Shared.Provider value={this._shared}>
        <SessionView
          open={this.open}
          rendermime={this._rendermime}
          place={this._place}
          go={place => this.go(place)}
        />
      </Shared.Provider>
    );
  }

  private _name(): void {
    const { trans } = this._shared;
    const { session } = this.open;
    this.title.label = session ? briefly(session, trans) : trans.__('Session');
    this.title.caption = this.open.session?.url ?? this.code;
  }

  /** The list is polled only now and then; it need not offer sessions known to be inaccessible. */
  private _tellList(): void {
    const { list } = this._shared.sessions;
    const listed = list.items.some(each => each.code === this.code);
    if (listed && this.open.problem?.missing) {
      void list.refresh();
    }
  }

  private _place: IPlace;
  private readonly _moved = new Signal<this, IPlace>(this);
}
