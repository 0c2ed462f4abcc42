/** The commands of the front end. */
export namespace CommandIDs {
  export const open = 'jupyter-sessions:open';
  export const create = 'jupyter-sessions:create';
  export const join = 'jupyter-sessions:join';
  export const refresh = 'jupyter-sessions:refresh';
  export const switchLogin = 'jupyter-sessions:switch-login';
  export const logIn = 'jupyter-sessions:log-in';
  export const leaveLogin = 'jupyter-sessions:leave-login';
  export const copyUrl = 'jupyter-sessions:copy-url';
  export const showPanel = 'jupyter-sessions:show-panel';

  export const attach = 'jupyter-sessions:attach';
  export const pause = 'jupyter-sessions:pause';
  export const detach = 'jupyter-sessions:detach';
  export const insert = 'jupyter-sessions:insert-command';
  export const run = 'jupyter-sessions:run-command';
  export const copy = 'jupyter-sessions:copy-command';
  export const publishCommand = 'jupyter-sessions:publish-command';
  export const permalink = 'jupyter-sessions:copy-permalink';
  export const publishOutput = 'jupyter-sessions:publish-output';
  export const showCommand = 'jupyter-sessions:show-command';
  export const toggleNumbers = 'jupyter-sessions:toggle-command-numbers';
  export const publishFiles = 'jupyter-sessions:publish-files';
}
