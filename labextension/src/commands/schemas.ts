import { CommandRegistry } from '@lumino/commands';

type Described = CommandRegistry.ICommandOptions['describedBy'];

/** What a command takes that takes nothing. */
export const NOTHING: Described = { args: { type: 'object', properties: {} } };

/** What a command about one session takes. */
export const SESSION: Described = {
  args: {
    type: 'object',
    properties: { code: { type: 'string', description: "The session's code" } },
    required: ['code']
  }
};

/** What a command about one recorded command takes. */
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
