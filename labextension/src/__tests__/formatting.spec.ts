import { nullTranslator } from '@jupyterlab/translation';
import * as fs from 'fs';
import * as path from 'path';

import {
  formatAge,
  formatDuration,
  formatRoles,
  formatSize,
  makeInitials,
  pickHue,
  removeSequences,
  scaleDuration,
  simplifyRoles
} from '../text/formatting';

type Examples<From, To> = [From, To][];

const ROOT = path.resolve(__dirname, '../../..');
const NOW = Date.parse('2026-11-21T12:00:00Z');

/** What the tests of formatting.py read too. */
const examples: {
  sizes: Examples<number, string>;
  durations: Examples<number, string>;
  ages: Examples<number, string>;
  roles: Examples<string[], string[]>;
  initials: Examples<string, string>;
  hues: Examples<string, number>;
  places: Examples<number | null, number>;
  terminal_texts: Examples<string, string>;
} = JSON.parse(read('tests/fixtures/formatting.json'));

function read(file: string): string {
  return fs.readFileSync(path.join(ROOT, file), 'utf-8');
}

describe('formatting, as in Python', () => {
  const trans = nullTranslator.load('');

  it.each(examples.sizes)('writes a size of %p as %p', (count, text) => {
    expect(formatSize(count)).toBe(text);
  });

  it.each(examples.durations)('writes %p s as %p', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it.each(examples.ages)('writes an age of %p s as %p', (passed, text) => {
    const instant = new Date(NOW - passed * 1000).toISOString();
    expect(formatAge(instant, trans, NOW)).toBe(text);
  });

  it.each(examples.roles)('simplifies the roles %p', (roles, simplified) => {
    expect(simplifyRoles(roles)).toEqual(simplified);
    expect(formatRoles(roles)).toBe(simplified.join(', '));
  });

  it.each(examples.initials)('makes of %p the badge %p', (name, letters) => {
    expect(makeInitials(name)).toBe(letters);
  });

  it.each(examples.hues)('gives %p the hue %p', (name, hue) => {
    expect(pickHue(name)).toBe(hue);
  });

  it.each(examples.terminal_texts)('makes of %j the text %j', (text, plain) => {
    expect(removeSequences(text)).toBe(plain);
  });

  it.each(examples.places)('places %p s at %p', (seconds, place) => {
    expect(scaleDuration(seconds)).toBe(place);
  });
});

describe("the pages' script, as in Python", () => {
  // Jest can't import a module from outside of its root.
  const source = read('jupyter_sessions/server/static/formatting.js');
  const pages = new Function(
    `${source.replace(/^export /gm, '')}
    return { formatAge, makeInitials, pickHue };`
  )() as {
    formatAge: (passed: number) => string | null;
    makeInitials: (name: string) => string;
    pickHue: (name: string) => number;
  };

  it('writes ages, badges and hues', () => {
    for (const [passed, text] of examples.ages) {
      expect(pages.formatAge(passed)).toBe(text);
    }
    for (const [name, letters] of examples.initials) {
      expect(pages.makeInitials(name)).toBe(letters);
    }
    for (const [name, hue] of examples.hues) {
      expect(pages.pickHue(name)).toBe(hue);
    }
  });
});
