import { OpenSession } from '../model/session';

export type Tab = 'history' | 'webspace' | 'members' | 'activity';

/** What a session's tab is to show. */
export interface IPlace {
  tab: Tab;
  /** A command to go to. */
  command?: number;
  /** A folder or file of the web space. */
  path?: string;
}

/** What each part of a session's tab is given. */
export interface IPart {
  open: OpenSession;
  place: IPlace;
  go: (place: IPlace) => void;
}
