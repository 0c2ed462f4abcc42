import { panelPlugin } from './plugins/panel';
import { sessionsPlugin } from './plugins/sessions';
import { tabPlugin } from './plugins/tab';

export * from './tokens';

export default [sessionsPlugin, panelPlugin, tabPlugin];
