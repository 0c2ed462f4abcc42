import { File } from '../api/operations';
import { asFile } from '../model/publishing';
import { OpenSession } from '../model/session';
import { WebSpace } from '../model/webspace';
import { scripted, settled, Socket } from './server';
import { anEvent, aSession } from './things';

function aFile(path: string, folder = false): File {
  return { path, folder } as File;
}

describe('WebSpace', () => {
  let folders: Record<string, File[]>;
  let full = false;
  let page = 500;
  let asked = 0;
  let space: WebSpace;

  beforeEach(async () => {
    folders = {
      '': [aFile('figures', true), aFile('index.html')],
      figures: [aFile('figures/rain.png')]
    };
    full = false;
    page = 500;
    asked = 0;
    const { client } = scripted(({ method, url }) => {
      if (method === 'PUT') {
        return full
          ? { status: 413, body: { code: 'too_large', message: 'm', hint: '' } }
          : { body: aFile('figures/new.png') };
      }
      if (!url.pathname.endsWith('/files')) {
        return { body: aSession() };
      }
      asked += 1;
      const items = folders[url.searchParams.get('folder') ?? ''];
      const start = Number(url.searchParams.get('after') ?? 0);
      const end = start + page;
      return items
        ? {
            body: {
              items: items.slice(start, end),
              next: end < items.length ? String(end) : null
            }
          }
        : { status: 404, body: { code: 'not_found', message: 'm', hint: '' } };
    });
    space = new WebSpace(new OpenSession(client, '12'));
    await settled();
  });

  const seen = (): string[] =>
    space.lines.map(line => (line.kind === 'file' ? line.file.path : '…'));

  it('reads a folder when it is opened, or when a file in it is to be shown', async () => {
    expect(seen()).toEqual(['figures', 'index.html']);
    await space.reveal('figures/rain.png');
    expect(seen()).toEqual(['figures', 'figures/rain.png', 'index.html']);
    space.toggle('figures');
    expect(seen()).toEqual(['figures', 'index.html']);
  });

  it('shows what others publish, and no folder that went with its last file', async () => {
    await space.reveal('figures/rain.png');
    folders.figures?.push(aFile('figures/b.png'));
    const data = { path: 'figures/b.png' };
    Socket.last.say(anEvent(1, 'file.published', { data }));
    await settled();
    expect(seen()).toContain('figures/b.png');
    folders = { '': [aFile('index.html')] };
    Socket.last.say(anEvent(2, 'file.unpublished', { data }));
    await settled();
    expect(seen()).toEqual(['index.html']);
  });

  it('reads anew as far as was read before, and once for what comes at once', async () => {
    page = 2;
    folders[''] = 'abcdef'.split('').map(name => aFile(name));
    await space.read('');
    await space.read('', true);
    expect(seen()).toEqual(['a', 'b', 'c', 'd', '…']);
    folders[''] = 'aabcdef'.split('').map((name, i) => aFile(name + i));
    const before = asked;
    for (let number = 1; number <= 20; number += 1) {
      const data = { path: `a${number}` };
      Socket.last.say(anEvent(number, 'file.published', { data }));
    }
    await settled();
    await settled();
    expect(seen()).toEqual(['a0', 'a1', 'b2', 'c3', '…']);
    expect(asked - before).toBeLessThanOrEqual(4);
  });

  it('keeps telling why a file was not published till that is dismissed', async () => {
    full = true;
    const content = new Blob(['x']);
    await expect(
      space.publish('figures/new.png', content)
    ).rejects.toMatchObject({ code: 'too_large' });
    expect(space.uploads.get('figures/new.png')?.code).toBe('too_large');
    space.dismiss('figures/new.png');
    full = false;
    await space.publish('figures/new.png', content);
    expect(space.uploads.size).toBe(0);
  });
});

describe('asFile', () => {
  const display = (data: object): object => ({
    output_type: 'display_data',
    data,
    metadata: {}
  });

  it('takes of what an output offers the form that people want most', () => {
    const png = asFile(
      display({ 'text/plain': '<Figure>', 'image/png': btoa('PNG') })
    );
    expect(png?.ending).toBe('.png');
    expect(png?.content.type).toBe('image/png');
    expect(png?.content.size).toBe(3);
    expect(asFile(display({ 'application/json': { a: 1 } }))?.ending).toBe(
      '.json'
    );
    expect(asFile(display({ 'application/x-unknown': 1 }))).toBeNull();
  });

  it('leaves the colours of a terminal out of text', () => {
    const stream = { output_type: 'stream', name: 'stdout' };
    const file = asFile({
      ...stream,
      text: ['\u001b[38:2::1:2:3mred\u001b[0m\u001b(B', '!']
    });
    expect(file?.ending).toBe('.txt');
    expect(file?.content.size).toBe('red!'.length);
  });
});
