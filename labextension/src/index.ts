import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-sessions:plugin',
  description: 'Shared experiment sessions.',
  autoStart: true,
  activate: (app: JupyterFrontEnd) => {
    console.debug('jupyter-sessions is here', app.name);
  }
};

export default plugin;
