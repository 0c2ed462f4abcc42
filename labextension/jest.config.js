const lab = require('@jupyterlab/testing/lib/jest-config');

const config = lab(__dirname);

module.exports = {
  ...config,
  reporters: ['default'],
  testRegex: '/src/.*\\.spec\\.tsx?$',
  transform: {
    ...config.transform,
    '^.+\\.tsx?$': ['ts-jest', { tsconfig: 'tsconfig.test.json' }]
  },
  // Of JupyterLab's packages many are modules that only a bundler understands.
  transformIgnorePatterns: [
    '/node_modules/(?!(@jupyterlab|@jupyter|@codemirror|@marijn|@microsoft|@rjsf|color|exenv-es6|lib0|marked|nanoid|vscode-ws-jsonrpc|y-protocols|y-websocket|yjs|tslib)/)'
  ]
};
