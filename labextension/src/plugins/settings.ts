/** The ID of the front end's settings. */
export const SETTINGS = 'jupyter-sessions:plugin';
