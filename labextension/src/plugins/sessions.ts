import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

import { Client } from '../api/client';
import { Identity } from '../model/identity';
import { SessionList } from '../model/list';
import { Logins } from '../model/logins';
import { Presence } from '../model/presence';
import { Recording } from '../model/recording';
import { OpenSessions } from '../model/session';
import { ISessions } from '../tokens';

/** Provide the shared client and models. */
export const sessionsPlugin: JupyterFrontEndPlugin<ISessions> = {
  id: 'jupyter-sessions:plugin',
  description: 'Provides the sessions of this Jupyter server.',
  autoStart: true,
  provides: ISessions,
  activate: (app: JupyterFrontEnd): ISessions => {
    const client = new Client(app.serviceManager.serverSettings);
    const identity = new Identity(client);
    const sessions: ISessions = {
      client,
      identity,
      logins: new Logins(client, identity),
      list: new SessionList(client),
      open: new OpenSessions(client),
      recording: new Recording(client),
      presence: new Presence(client)
    };
    // Another user has other sessions.
    let name = '';
    identity.changed.connect(({ user }) => {
      if (user && name && user.name !== name) {
        sessions.list.restart();
        sessions.open.reload();
        void sessions.presence.refresh();
      }
      name = user?.name ?? name;
    }, sessions);
    return sessions;
  }
};
