import { Session } from '../api/operations';
import { SessionList } from '../model/list';
import { scripted, settled } from './server';
import { aSession } from './things';

const ALL = Array.from({ length: 250 }, (_, index) =>
  aSession({ code: `c${index}`, label: index % 2 ? 'odd' : 'even' })
);

function listed(): {
  list: SessionList;
  served: { sessions: Session[]; status: number };
} {
  const served = { sessions: ALL, status: 200 };
  const { client } = scripted(({ url }) => {
    const { search, after } = Object.fromEntries(url.searchParams);
    const found = served.sessions.filter(
      each => !search || each.label === search
    );
    const start = found.findIndex(each => each.code === after) + 1;
    const items = found.slice(start, start + 100);
    const rest = found.length > start + 100;
    const next = rest ? items[items.length - 1]?.code : null;
    return { status: served.status, body: { items, next } };
  });
  return { list: new SessionList(client), served };
}

describe('SessionList', () => {
  let list: SessionList;
  let served: { sessions: Session[]; status: number };

  beforeEach(async () => {
    ({ list, served } = listed());
    await settled();
  });

  afterEach(() => list.dispose());

  it('reads page by page, each session once', async () => {
    expect(list.items).toHaveLength(100);
    await Promise.all([list.next(), list.next()]);
    expect(list.items).toHaveLength(200);
    await list.next();
    await list.next();
    expect(list.items.map(each => each.code)).toEqual(
      ALL.map(each => each.code)
    );
    expect(list.more).toBe(false);
  });

  it('keeps what was read further down when it looks anew, in the order of use', async () => {
    await list.next();
    const used = ALL[150] as Session;
    served.sessions = [used, ...ALL.filter(each => each !== used)];
    await list.refresh();
    expect(list.items).toHaveLength(200);
    expect(list.items[0]).toEqual(used);
    expect(new Set(list.items.map(each => each.code)).size).toBe(200);
  });

  it('shows only what came to what is looked for now', async () => {
    list.look('all', 'even');
    list.look('all', 'odd');
    expect(list.loaded).toBe(false);
    await settled();
    expect(new Set(list.items.map(each => each.label))).toEqual(
      new Set(['odd'])
    );
  });

  it('shows what it knows while nothing answers, and why it may be old', async () => {
    served.status = 503;
    await list.refresh();
    expect(list.items).toHaveLength(100);
    expect(list.problem?.offline).toBe(true);
    served.status = 200;
    await list.refresh();
    expect(list.problem).toBeNull();
  });

  it('shows nothing of who one was before', async () => {
    list.restart();
    expect(list.items).toEqual([]);
    await settled();
    expect(list.items).toHaveLength(100);
  });
});
