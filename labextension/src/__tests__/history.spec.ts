import { EVERYTHING, History } from '../model/history';
import { OpenSession } from '../model/session';
import { scripted, settled, Socket } from './server';
import { aCommand, anEvent, aSession } from './things';

function opened(commands: number): {
  history: History;
  open: OpenSession;
  asked: string[];
} {
  const { client, asked } = scripted(({ url }) => {
    if (!url.pathname.endsWith('/commands')) {
      return { body: aSession({ commands, events: commands }) };
    }
    const query = url.searchParams;
    const limit = Number(query.get('limit'));
    const end = Math.min(
      Number(query.get('after') ?? commands + 1),
      commands + 1
    );
    const wanted = [];
    let number = end - 1;
    for (; number >= 1 && wanted.length < limit; number--) {
      if (!query.get('status') || number % 10 === 0) {
        wanted.push(
          aCommand(number, query.get('status') ? { status: 'error' } : {})
        );
      }
    }
    return {
      body: {
        items: wanted,
        next:
          number >= (query.get('status') ? 10 : 1) ? String(number + 1) : null
      }
    };
  });
  const open = new OpenSession(client, '12');
  return { history: new History(open), open, asked };
}

const lists = (asked: string[]): string[] =>
  asked.filter(each => each.includes('/commands'));

describe('History', () => {
  it('reads the windows that are looked at, however deep, and each once', async () => {
    const { history, asked } = opened(100_000);
    await settled();
    expect(history.count).toBe(100_000);
    expect(history.number(0)).toBe(100_000);
    history.want(0, 10);
    history.want(0, 10);
    await settled();
    expect(history.commandAt(3)?.number).toBe(99_997);
    history.want(70_000, 70_020);
    await settled();
    expect(history.commandAt(70_010)?.number).toBe(29_990);
    expect(lists(asked)).toHaveLength(2);
  });

  it('forgets what is far away, and reads it again', async () => {
    const { history } = opened(100_000);
    await settled();
    for (let row = 0; row < 5_000; row += 50) {
      history.want(row, row + 49);
      await settled();
    }
    expect(history.commandAt(0)).toBeUndefined();
    history.want(0, 10);
    await settled();
    expect(history.commandAt(0)?.number).toBe(100_000);
  });

  it('puts a new command first, and an updated one in its place', async () => {
    const { history } = opened(3);
    await settled();
    history.want(0, 2);
    await settled();
    Socket.last.say(
      anEvent(4, 'command.started', {
        command: aCommand(4, { status: 'running' })
      })
    );
    expect(history.count).toBe(4);
    expect(history.commandAt(0)?.status).toBe('running');
    Socket.last.say(anEvent(5, 'command.recorded', { command: aCommand(4) }));
    expect(history.count).toBe(4);
    expect(history.commandAt(0)?.status).toBe('completed');
  });

  it('turns pages under a filter, and takes in only what fits', async () => {
    const { history, asked } = opened(1000);
    await settled();
    history.look({ ...EVERYTHING, status: 'error' });
    expect(history.loading).toBe(true);
    await settled();
    expect(history.count).toBe(50);
    expect(history.number(1)).toBe(990);
    history.want(40, 49);
    await settled();
    expect(history.count).toBe(100);
    expect(history.more).toBe(false);
    expect(lists(asked)).toHaveLength(2);
    Socket.last.say(
      anEvent(1001, 'command.recorded', { command: aCommand(1001) })
    );
    expect(history.count).toBe(100);
    const failed = aCommand(1002, { status: 'error' });
    Socket.last.say(anEvent(1002, 'command.recorded', { command: failed }));
    expect(history.number(0)).toBe(1002);
  });

  it('leaves out what only manages sessions till one asks for it', async () => {
    const { history, asked } = opened(3);
    await settled();
    const take = (number: number): void =>
      Socket.last.say(
        anEvent(number, 'command.recorded', {
          command: aCommand(number, { managing: true })
        })
      );
    [1, 2, 3].forEach(take);
    expect(history.hidden(1)).toBe(true);
    expect(history.allHidden).toBe(true);
    expect([history.leftOut, history.complete]).toEqual([3, true]);
    Socket.last.say(anEvent(4, 'command.recorded', { command: aCommand(4) }));
    expect(history.allHidden).toBe(false);
    expect(history.since(1)).toBe(1);
    expect(history.reveal(2)).toBe(2);
    expect(history.hidden(2)).toBe(false);
    expect(history.leftOut).toBe(2);
    history.look({ ...EVERYTHING, managing: true });
    expect([0, 1, 2, 3].some(row => history.hidden(row))).toBe(false);
    expect(history.leftOut).toBe(0);
    history.look({ ...EVERYTHING, search: 'step' });
    await settled();
    expect(lists(asked).at(-1)).toContain('managing=false');
  });

  it('is empty when the session is gone', async () => {
    const { history, open } = opened(5);
    await settled();
    open.session = null;
    Socket.last.say(anEvent(6, 'file.published'));
    expect(history.count).toBe(0);
  });
});
