import { Event as SessionEvent, File } from '../api/operations';
import { Refusal } from '../api/error';
import { OpenSession } from './session';
import { Store } from './store';

const PAGE = 500;

/** A row of the tree: a file, a folder, or a placeholder for more of a folder. */
export type Line =
  | { kind: 'file'; file: File; depth: number; expanded?: boolean }
  | { kind: 'more'; folder: string; depth: number }
  | { kind: 'problem'; folder: string; depth: number; problem: Refusal };

interface IFolder {
  files: File[];
  next: string | null;
  problem: Refusal | null;
}

/** The published files of a session as a tree, in which folders are loaded when opened. */
export class WebSpace extends Store {
  constructor(readonly open: OpenSession) {
    super();
    open.happened.connect(this._take, this);
    void this.read('');
  }

  /** Uploads by path; failed ones with their error. */
  readonly uploads = new Map<string, Refusal | null>();

  /** Whether the top folder is loaded. */
  get loaded(): boolean {
    return this._folders.has('');
  }

  get problem(): Refusal | null {
    return this._folders.get('')?.problem ?? null;
  }

  /** The visible rows. */
  get lines(): Line[] {
    const lines: Line[] = [];
    this._walk('', 0, lines);
    return lines;
  }

  /** The metadata of a path. */
  find(path: string): File | undefined {
    return this._folders
      .get(parent(path))
      ?.files.find(file => file.path === path);
  }

  /** Open or close a folder. */
  toggle(folder: string): void {
    if (!this._expanded.delete(folder)) {
      this._expanded.add(folder);
      void this.read(folder);
    }
    this.touch();
  }

  /** Open all folders that lead to a path. */
  async reveal(path: string): Promise<void> {
    const parts = path.split('/').slice(0, -1);
    for (let i = 0; i < parts.length; i++) {
      const folder = parts.slice(0, i + 1).join('/');
      this._expanded.add(folder);
      await this.read(folder);
    }
    this.touch();
  }

  /** Reload the loaded part of a folder or, with `more`, load its next page. */
  async read(folder: string, more = false): Promise<void> {
    const before = this._folders.get(folder);
    try {
      const held = await this._pages(
        folder,
        more ? before : undefined,
        before?.files.length ?? 0
      );
      this._folders.set(folder, { ...held, problem: null });
    } catch (error) {
      const problem = Refusal.from(error);
      if (problem.code === 'not_found' && folder) {
        this._folders.delete(folder);
        this._expanded.delete(folder);
      } else {
        this._folders.set(folder, {
          files: before?.files ?? [],
          next: before?.next ?? null,
          problem
        });
      }
    }
    this.touch();
  }

  /** Publish a file; an existing one is replaced. */
  async publish(path: string, content: Blob, command?: number): Promise<File> {
    this.uploads.set(path, null);
    this.touch();
    try {
      const file = await publish(this.open, path, content, command);
      this.uploads.delete(path);
      await this.read(parent(path));
      return file;
    } catch (error) {
      const refusal = Refusal.from(error);
      this.uploads.set(path, refusal);
      this.touch();
      throw refusal;
    }
  }

  /** Remove a file, or a folder with its content, from the web space. */
  async unpublish(path: string): Promise<void> {
    await this.open.client.call('files.unpublish', {
      code: this.open.code,
      path
    });
    await this.read(parent(path));
  }

  /** Dismiss a failed upload. */
  dismiss(path: string): void {
    this.uploads.delete(path);
    this.touch();
  }

  override dispose(): void {
    this.open.happened.disconnect(this._take, this);
    super.dispose();
  }

  /** Load further pages until at least this many items are present. */
  private async _pages(
    folder: string,
    held: IFolder | undefined,
    count: number
  ): Promise<Pick<IFolder, 'files' | 'next'>> {
    let files = held?.files ?? [];
    let next = held?.next ?? null;
    do {
      const page = await this.open.client.call('files.list', {
        code: this.open.code,
        folder,
        limit: PAGE,
        after: next
      });
      files = [...files, ...page.items];
      next = page.next;
    } while (next !== null && files.length < count);
    return { files, next };
  }

  private _walk(folder: string, depth: number, lines: Line[]): void {
    const held = this._folders.get(folder);
    for (const file of held?.files ?? []) {
      const expanded = this._expanded.has(file.path);
      lines.push({
        kind: 'file',
        file,
        depth,
        expanded: file.folder ? expanded : undefined
      });
      if (file.folder && expanded) {
        this._walk(file.path, depth + 1, lines);
      }
    }
    if (held?.next) {
      lines.push({ kind: 'more', folder, depth });
    }
    if (held?.problem && folder) {
      lines.push({ kind: 'problem', folder, depth, problem: held.problem });
    }
  }

  private _take(_: OpenSession, event: SessionEvent): void {
    const path = typeof event.data.path === 'string' ? event.data.path : null;
    if (!event.kind.startsWith('file.') || path === null) {
      return;
    }
    // The change may have added or removed a folder.
    const folders = [
      '',
      ...path.split('/').map((_part, i, all) => all.slice(0, i).join('/'))
    ];
    for (const folder of new Set(folders)) {
      if (this._folders.has(folder)) {
        this._refresh(folder);
      }
    }
  }

  /** Reload a folder; for many changes at once, reload it once more at the end. */
  private _refresh(folder: string): void {
    if (this._refreshing.has(folder)) {
      this._stale.add(folder);
      return;
    }
    this._refreshing.add(folder);
    void this.read(folder).finally(() => {
      this._refreshing.delete(folder);
      if (this._stale.delete(folder)) {
        this._refresh(folder);
      }
    });
  }

  private readonly _folders = new Map<string, IFolder>();
  private readonly _expanded = new Set<string>();
  private readonly _refreshing = new Set<string>();
  private readonly _stale = new Set<string>();
}

/** Publish content in a session. */
export function publish(
  open: Pick<OpenSession, 'client' | 'code'>,
  path: string,
  content: Blob,
  command?: number
): Promise<File> {
  return open.client.call(
    'files.publish',
    {
      code: open.code,
      path,
      media_type: content.type.split(';')[0],
      command: command ?? null
    },
    { content }
  );
}

function parent(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}
