import { Signal } from '@lumino/signaling';

import { CommandNumbers } from './numbers';

/** Shows the command's number on each recorded cell of a notebook. */
export class CommandMarks {
  constructor(private readonly _numbers: CommandNumbers) {
    const { panel } = _numbers;
    _numbers.changed.connect(this._draw, this);
    panel.content.modelContentChanged.connect(this._draw, this);
    panel.disposed.connect(() => Signal.clearData(this), this);
  }

  get visible(): boolean {
    return this._visible;
  }
  set visible(visible: boolean) {
    this._visible = visible;
    this._draw();
  }

  private _draw(): void {
    for (const cell of this._numbers.panel.content.widgets) {
      const number = this._visible ? this._numbers.numberOf(cell) : null;
      if (number === null) {
        delete cell.node.dataset.jpSessionsCommand;
      } else {
        cell.node.dataset.jpSessionsCommand = String(number);
      }
    }
  }

  private _visible = true;
}
