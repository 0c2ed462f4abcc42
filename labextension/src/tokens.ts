import { Token } from '@lumino/coreutils';

import { Client } from './api/client';
import { Identity } from './model/identity';
import { SessionList } from './model/list';
import { Logins } from './model/logins';
import { Presence } from './model/presence';
import { Recording } from './model/recording';
import { OpenSessions } from './model/session';

/** The services that all plugins share. */
export interface ISessions {
  readonly client: Client;
  readonly identity: Identity;
  readonly logins: Logins;
  readonly list: SessionList;
  readonly open: OpenSessions;
  readonly recording: Recording;
  readonly presence: Presence;
}

export const ISessions = new Token<ISessions>(
  'jupyter-sessions:ISessions',
  'The sessions of this Jupyter server: the user, the list, and the open sessions.'
);
