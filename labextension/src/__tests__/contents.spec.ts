import { Refusal } from '../api/error';
import { Contents } from '../model/contents';
import { OpenSession } from '../model/session';
import { scripted, settled, Socket } from './server';
import { aCommand, anEvent, aSession } from './things';

/** A session whose command 1 has put out what `said` tells, when it is asked. */
function opened(said: () => string | Promise<string> | null): {
  contents: Contents;
  asked: string[];
} {
  const { client, asked } = scripted(async ({ url }) => {
    if (!url.pathname.endsWith('/commands/1')) {
      return { body: aSession({ commands: 1, events: 1 }) };
    }
    const text = await said();
    return text === null
      ? { status: 500, body: {} }
      : {
          body: {
            summary: aCommand(1),
            so_far: {
              outputs: [{ output_type: 'stream', name: 'stdout', text }]
            }
          }
        };
  });
  return { contents: new Contents(new OpenSession(client, '12')), asked };
}

const reads = (asked: string[]): number =>
  asked.filter(each => each.includes('/commands/1')).length;

const text = (contents: Contents): string => {
  const command = contents.get(1);
  return command && !(command instanceof Refusal)
    ? String(command.so_far?.outputs[0].text)
    : String(command);
};

describe('Contents', () => {
  it('reads a command once, however many look at it', async () => {
    const { contents, asked } = opened(() => 'a');
    await settled();
    await Promise.all([contents.read(1), contents.read(1)]);
    await contents.read(1);
    expect(text(contents)).toBe('a');
    expect(reads(asked)).toBe(1);
  });

  it('reads again what changed while it was read', async () => {
    const answers: ((said: string) => void)[] = [];
    const { contents } = opened(
      () => new Promise<string>(resolve => answers.push(resolve))
    );
    await settled();
    const reading = contents.read(1);
    await settled();
    Socket.last.say(anEvent(2, 'command.updated', { command: aCommand(1) }));
    answers[0]('old');
    await settled();
    expect(contents.get(1)).toBeUndefined();
    answers[1]('new');
    await reading;
    expect(text(contents)).toBe('new');
  });

  it('remembers a refusal, and tries again when it is asked to', async () => {
    const says = [null, 'a'];
    const { contents } = opened(() => says.shift() ?? null);
    await settled();
    await expect(contents.read(1)).rejects.toBeInstanceOf(Refusal);
    expect(contents.get(1)).toBeInstanceOf(Refusal);
    await contents.read(1);
    expect(text(contents)).toBe('a');
  });
});
