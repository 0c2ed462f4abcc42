import { Polling } from '../model/polling';

const EVERY = 1_000;

function hide(hidden: boolean): void {
  Object.defineProperty(document, 'hidden', {
    configurable: true,
    get: () => hidden
  });
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('Polling', () => {
  let asked = 0;
  let answers = true;
  let polling: Polling;

  beforeEach(() => {
    jest.useFakeTimers();
    asked = 0;
    answers = true;
    polling = new Polling(async () => {
      asked += 1;
      if (!answers) {
        throw new Error('nothing answers');
      }
    }, EVERY);
  });

  afterEach(() => {
    polling.dispose();
    hide(false);
    jest.useRealTimers();
  });

  it('asks at once, and again and again till it is stopped', async () => {
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
    await jest.advanceTimersByTimeAsync(3 * EVERY);
    expect(asked).toBe(4);
    polling.stop();
    await jest.advanceTimersByTimeAsync(5 * EVERY);
    expect(asked).toBe(4);
    polling.start();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(5);
  });

  it('asks ever more rarely while nothing answers, and as before when something does', async () => {
    answers = false;
    await jest.advanceTimersByTimeAsync(60 * EVERY);
    expect(asked).toBeGreaterThan(4);
    expect(asked).toBeLessThan(11);
    asked = 0;
    await jest.advanceTimersByTimeAsync(150 * EVERY);
    expect(asked).toBeGreaterThan(8);
    answers = true;
    await polling.refresh();
    asked = 0;
    await jest.advanceTimersByTimeAsync(5 * EVERY);
    expect(asked).toBe(5);
  });

  it('waits while nobody looks, and asks at once when someone comes back', async () => {
    await jest.advanceTimersByTimeAsync(0);
    hide(true);
    await jest.advanceTimersByTimeAsync(10 * EVERY);
    expect(asked).toBe(1);
    hide(false);
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
  });

  it('asks at once when the machine is back online', async () => {
    answers = false;
    await jest.advanceTimersByTimeAsync(30 * EVERY);
    asked = 0;
    window.dispatchEvent(new Event('online'));
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(1);
  });

  it('asks anew when told to, hidden or not, and keeps one rhythm', async () => {
    await jest.advanceTimersByTimeAsync(0);
    await Promise.all([polling.refresh(), polling.refresh()]);
    expect(asked).toBe(3);
    await jest.advanceTimersByTimeAsync(EVERY);
    expect(asked).toBe(4);
    hide(true);
    await polling.refresh();
    expect(asked).toBe(5);
  });

  it('asks no more once it is disposed of', async () => {
    await jest.advanceTimersByTimeAsync(0);
    polling.dispose();
    hide(true);
    hide(false);
    await jest.advanceTimersByTimeAsync(5 * EVERY);
    expect(asked).toBe(1);
  });
});
