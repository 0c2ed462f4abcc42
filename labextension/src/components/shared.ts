import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { ISessions } from '../tokens';

/** What every component may need. */
export interface IShared {
  sessions: ISessions;
  commands: CommandRegistry;
  trans: TranslationBundle;
  languages?: IEditorLanguageRegistry | null;
}

export const Shared = React.createContext<IShared | null>(null);

export function useShared(): IShared {
  const shared = React.useContext(Shared);
  if (shared === null) {
    throw new Error('This component stands outside of Shared.');
  }
  return shared;
}

/** A function that executes a command. */
export function useCommand(): (
  id: string,
  args?: ReadonlyPartialJSONObject
) => void {
  const { commands } = useShared();
  return React.useCallback(
    (id, args) => void commands.execute(id, args),
    [commands]
  );
}
