import { Activity } from '../model/activity';
import { Members } from '../model/members';
import { People } from '../model/people';
import { OpenSession } from '../model/session';
import { scripted, settled, Socket } from './server';
import { anEvent, aSession } from './things';

const REFUSED = {
  status: 403,
  body: { code: 'role_missing', message: 'Granting needs admin.', hint: '' }
};

describe('Members', () => {
  it('are read anew when they change, and as they were where a change is refused', async () => {
    let names = ['alice'];
    const { client, asked } = scripted(({ method, url }) => {
      if (!url.pathname.endsWith('/members')) {
        return { body: aSession() };
      }
      return method === 'GET'
        ? { body: { members: names.map(user => ({ user })) } }
        : REFUSED;
    });
    const members = new Members(new OpenSession(client, '12'));
    await settled();
    expect(members.list).toHaveLength(1);
    names = ['alice', 'bob'];
    Socket.last.say(anEvent(1, 'member.granted'));
    await settled();
    expect(members.list).toHaveLength(2);
    const lists = () => asked.filter(each => each.endsWith('/members')).length;
    const before = lists();
    Socket.last.say(anEvent(2, 'file.published'));
    await settled();
    expect(lists()).toBe(before);
    await expect(
      members.grant([{ user: 'ida', roles: ['read'] }])
    ).rejects.toMatchObject({ code: 'role_missing' });
    expect(members.list).toHaveLength(2);
    expect(members.problem).toBeNull();
    members.dispose();
  });
});

describe('People', () => {
  it('are those met, and those of the groups, where accounts are not for one to see', async () => {
    const { client, asked } = scripted(({ url }) => {
      switch (url.pathname.replace('/base/sessions/api', '')) {
        case '/sessions':
          return { body: { items: [aSession({ owner: 'zoe' })], next: null } };
        case '/groups':
          return {
            body: {
              items: [
                { name: 'lab', description: 'Ours', member: true },
                { name: 'other', description: '', member: false }
              ],
              next: null
            }
          };
        case '/groups/lab/users':
          return {
            body: { items: [{ user: 'bob', display_name: 'Bob' }], next: null }
          };
        default:
          return REFUSED;
      }
    });
    const people = new People(client);
    await Promise.all([people.load(), people.load()]);
    await settled();
    expect(people.list.map(each => each.name)).toEqual([
      '@lab',
      '@other',
      'bob',
      'zoe'
    ]);
    expect(new Set(asked).size).toBe(asked.length);
    people.dispose();
  });
});

describe('Activity', () => {
  it('is read page by page below what happens meanwhile, each event once', async () => {
    const { client } = scripted(({ url }) => {
      if (!url.pathname.endsWith('/events')) {
        return { body: aSession({ events: 150 }) };
      }
      const after = Number(url.searchParams.get('after') ?? 151);
      const first = Math.max(1, after - 100);
      const items = Array.from({ length: after - first }, (_, index) =>
        anEvent(after - 1 - index, 'session.created')
      );
      return { body: { items, next: first > 1 ? String(first) : null } };
    });
    const activity = new Activity(new OpenSession(client, '12'));
    await settled();
    expect(activity.events).toHaveLength(100);
    Socket.last.say(anEvent(151, 'file.published'));
    Socket.last.say(anEvent(151, 'file.published'));
    await activity.next();
    await activity.next();
    const numbers = activity.events.map(each => each.number);
    expect(numbers).toEqual(Array.from({ length: 151 }, (_, n) => 151 - n));
    expect(activity.more).toBe(false);
    activity.dispose();
  });
});
