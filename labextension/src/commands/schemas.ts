import { CommandRegistry } from '@lumino/commands';

type Described = CommandRegistry.ICommandOptions['describedBy'];

/** The argument schema of a command without arguments. */
export const NOTHING: Described = { args: { type: 'object', properties: {} } };

/** The argument schema of a command about one session. */
export const SESSION: Described = {
  args: {
    type: 'object',
    properties: { code: { type: 'string', description: "The session's code" } },
    required: ['code']
  }
};

/** The argument schema of a command about one recorded command. */
export const COMMAND: Described = {
  args: {
    type: 'object',
    properties: {
      code: { type: 'string', description: "The session's code" },
      number: { type: 'integer', description: "The command's number" }
    },
    required: ['code', 'number']
  }
};
