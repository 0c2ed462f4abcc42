import * as React from 'react';

import { Store, useStore } from '../model/store';

/** Create a store that lives as long as the component, and re-render when it changes. */
export function useOwned<S extends Store, A>(Kind: new (of: A) => S, of: A): S {
  const held = React.useRef<{ store: S; of: A } | null>(null);
  if (
    !held.current ||
    held.current.of !== of ||
    held.current.store.isDisposed
  ) {
    held.current?.store.dispose();
    held.current = { store: new Kind(of), of };
  }
  React.useEffect(() => () => held.current?.store.dispose(), []);
  return useStore(held.current.store);
}
