import { filesPlugin } from './plugins/files';
import { notebookPlugin } from './plugins/notebook';
import { panelPlugin } from './plugins/panel';
import { sessionsPlugin } from './plugins/sessions';
import { sharingPlugin } from './plugins/sharing';
import { statusPlugin } from './plugins/status';
import { tabPlugin } from './plugins/tab';

export * from './tokens';

export default [
  sessionsPlugin,
  panelPlugin,
  tabPlugin,
  notebookPlugin,
  filesPlugin,
  statusPlugin,
  sharingPlugin
];
