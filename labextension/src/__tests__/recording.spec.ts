import { Attachment } from '../api/operations';
import { Recording } from '../model/recording';
import { scripted, settled } from './server';

function anAttachment(parts: Partial<Attachment> = {}): Attachment {
  return {
    kernel: 'k1',
    session: '12',
    server: null,
    state: 'recording',
    ...parts
  } as Attachment;
}

describe('Recording', () => {
  let recording: Recording;
  let served: Attachment[];
  let bodies: unknown[];
  let held: Promise<void>;

  beforeEach(async () => {
    served = [anAttachment()];
    bodies = [];
    held = Promise.resolve();
    const { client } = scripted(async ({ method, body }) => {
      bodies.push(body);
      if (method !== 'GET') {
        return { body: anAttachment({ kernel: 'k2', session: '34' }) };
      }
      const items = [...served];
      await held;
      return { body: { items, next: null } };
    });
    recording = new Recording(client);
    await settled();
  });

  afterEach(() => recording.dispose());

  it('knows what each kernel records into, and the one in front', () => {
    expect(recording.attachmentOf('k1')?.session).toBe('12');
    expect(recording.attachmentOf('k2')).toBeNull();
    expect(recording.activeCode).toBeNull();
    recording.active = { kernel: 'k1', path: 'a.ipynb' };
    expect(recording.activeCode).toBe('12');
  });

  it('tells a session of this server, by whichever of its names, from one elsewhere', async () => {
    served = [
      anAttachment({ server: 'http://here/base' }),
      anAttachment({ kernel: 'k3', server: 'https://there' }),
      anAttachment({ kernel: 'k4', state: 'ended' })
    ];
    await recording.refresh();
    expect(recording.codeOf('k1')).toBe('12');
    expect(recording.codeOf('k3')).toBeNull();
    expect(recording.attachmentOf('k3')).not.toBeNull();
    expect(recording.attachmentOf('k4')).toBeNull();
  });

  it('takes no older answer for what was just changed', async () => {
    let answer = (): void => undefined;
    held = new Promise(resolve => (answer = resolve));
    const looking = recording.refresh();
    await recording.attach('k2', '34', 'b.ipynb', 'bar');
    expect(bodies[bodies.length - 1]).toEqual({
      kernel: undefined,
      session: '34',
      notebook: 'b.ipynb',
      user: 'bar'
    });
    answer();
    await looking;
    expect(recording.attachmentOf('k2')?.session).toBe('34');
    await recording.detach('k2');
    expect(recording.attachmentOf('k2')).toBeNull();
  });
});
