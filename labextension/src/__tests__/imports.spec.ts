import { readdirSync, readFileSync } from 'fs';
import { join, normalize, relative } from 'path';
import * as ts from 'typescript';

const SOURCES = join(__dirname, '..');

/** The modules of the front end, each with those of them that it imports. */
function modules(): Map<string, string[]> {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter(name => /\.tsx?$/.test(name))
    .filter(name => !name.startsWith('__tests__'))
    .map(name => normalize(name));
  const found = new Map<string, string[]>();
  for (const name of names) {
    const text = readFileSync(join(SOURCES, name), 'utf8');
    const imported = ts
      .preProcessFile(text)
      .importedFiles.map(each => each.fileName)
      .filter(each => each.startsWith('.'))
      .map(each => relative(SOURCES, join(SOURCES, name, '..', each)));
    found.set(
      name,
      imported.map(each => {
        const file = names.find(known =>
          ['.ts', '.tsx'].some(ending => known === each + ending)
        );
        if (!file) {
          throw new Error(`${name} imports ${each}, which is not there`);
        }
        return file;
      })
    );
  }
  return found;
}

/** The first circle of imports, lazy ones and those of types among them; empty without one. */
function circle(graph: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const walk = (name: string, path: string[]): string[] => {
    if (path.includes(name)) {
      return [...path.slice(path.indexOf(name)), name];
    }
    if (done.has(name)) {
      return [];
    }
    for (const next of graph.get(name) ?? []) {
      const found = walk(next, [...path, name]);
      if (found.length) {
        return found;
      }
    }
    done.add(name);
    return [];
  };
  for (const name of graph.keys()) {
    const found = walk(name, []);
    if (found.length) {
      return found;
    }
  }
  return [];
}

describe('the modules of the front end', () => {
  it('import each other in no circle', () => {
    expect(modules().size).toBeGreaterThan(50);
    expect(circle(modules())).toEqual([]);
  });

  it('would be found in a circle', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']]
    ]);
    expect(circle(graph)).toEqual(['b', 'd', 'b']);
  });
});
