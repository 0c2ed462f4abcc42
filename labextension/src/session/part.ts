import { OpenSession } from '../model/session';

export type Tab = 'history' | 'webspace' | 'members' | 'activity';

/** The content to show in a session's tab. */
export interface IPlace {
  tab: Tab;
  /** A command to scroll to. */
  command?: number;
  /** A folder or file of the web space. */
  path?: string;
}

/** The props of each part of a session's tab. */
export interface IPart {
  open: OpenSession;
  place: IPlace;
  go: (place: IPlace) => void;
}
