import { Live, LiveState } from '../api/live';
import { scripted, Socket } from './server';
import { anEvent } from './things';

describe('Live', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function followed(): { live: Live; states: LiveState[]; seen: number[] } {
    const live = new Live(scripted(() => ({})).client, '12', 5);
    const states: LiveState[] = [];
    const seen: number[] = [];
    live.stateChanged.connect((_, state) => states.push(state));
    live.happened.connect((_, event) => seen.push(event.number));
    return { live, states, seen };
  }

  it('begins after the event that one knows', () => {
    const { live } = followed();
    expect(Socket.last.url).toBe(
      'ws://here/base/sessions/api/sessions/12/live?after=5'
    );
    live.dispose();
  });

  it('comes back to where it was', () => {
    const { live, seen, states } = followed();
    const first = Socket.last;
    first.onopen?.();
    first.say(anEvent(6, 'file.published'));
    first.say(anEvent(7, 'file.published'));
    first.onclose?.({ code: 1006 });
    expect(live.state).toBe('off');
    jest.advanceTimersByTime(1000);
    expect(Socket.last).not.toBe(first);
    expect(Socket.last.url).toMatch(/after=7$/);
    Socket.last.onopen?.();
    expect(seen).toEqual([6, 7]);
    expect(states).toEqual(['on', 'off', 'connecting', 'on']);
    live.dispose();
  });

  it('waits longer each time', () => {
    const { live } = followed();
    for (let i = 0; i < 6; i++) {
      Socket.last.onclose?.({ code: 1006 });
      jest.advanceTimersByTime(60_000);
    }
    const count = Socket.all.length;
    Socket.last.onclose?.({ code: 1006 });
    jest.advanceTimersByTime(5_000);
    expect(Socket.all).toHaveLength(count);
    window.dispatchEvent(new Event('online'));
    expect(Socket.all).toHaveLength(count + 1);
    live.dispose();
  });

  it.each([4401, 4403, 4404])('ends for good when the server says %d', code => {
    const { live } = followed();
    const count = Socket.all.length;
    Socket.last.onclose?.({ code });
    jest.advanceTimersByTime(600_000);
    expect(live.state).toBe('ended');
    expect(Socket.all).toHaveLength(count);
    live.dispose();
  });

  it('lets go', () => {
    const { live } = followed();
    live.dispose();
    expect(Socket.last.closed).toBe(true);
  });
});
