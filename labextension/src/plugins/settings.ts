/** Where the front end's settings stand. */
export const SETTINGS = 'jupyter-sessions:plugin';
