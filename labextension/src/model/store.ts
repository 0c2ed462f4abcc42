import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

/** Base of observable models; `version` increases with each change. */
export abstract class Store implements IDisposable {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get version(): number {
    return this._version;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  protected touch(): void {
    if (!this._disposed) {
      this._version += 1;
      this._changed.emit();
    }
  }

  private _version = 0;
  private _disposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** Re-render when a store changes. */
export function useStore<S extends Store>(store: S): S {
  React.useSyncExternalStore(
    React.useCallback(
      (notify: () => void) => {
        const slot = (): void => notify();
        store.changed.connect(slot, store);
        return () => store.changed.disconnect(slot, store);
      },
      [store]
    ),
    () => store.version
  );
  return store;
}
