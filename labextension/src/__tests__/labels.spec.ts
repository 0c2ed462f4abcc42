import { nullTranslator } from '@jupyterlab/translation';

import { among, briefly, called } from '../text/labels';

const trans = nullTranslator.load('jupyter_sessions');

describe('A label', () => {
  it('turns the order of nothing around it, and is never nothing', () => {
    expect(called({ label: 'a\u202eb\u202c \u2067مرحبا\u2069' }, trans)).toBe(
      'ab مرحبا'
    );
    expect(called({ label: ' \u202e ' }, trans)).toBe('Untitled');
  });

  it('is cut between two characters where there is little room', () => {
    const label = briefly({ label: '🌧'.repeat(200) }, trans);
    expect([...label]).toHaveLength(48);
    expect(label.endsWith('🌧…')).toBe(true);
    expect(briefly({ label: 'Rain' }, trans)).toBe('Rain');
  });

  it('says the owner and the date where several sessions have it', () => {
    const long = 'Rain in Seattle, by month, and what became of it later: ';
    const made = (
      label: string,
      owner: string,
      created: string,
      i: number
    ) => ({
      label,
      owner,
      created: `2026-11-${created}:00Z`,
      code: String(i)
    });
    const all = [
      made('Rain', 'alice', '20T10:00', 1),
      made(' Rain\u202e', 'bob', '20T10:00', 2),
      made('Rain', 'bob', '21T10:00', 3),
      made('Snow', 'bob', '20T10:00', 4),
      made(`${long}2023`, 'bob', '20T10:00', 5),
      made(`${long}2024`, 'bob', '20T10:00', 6)
    ];
    const shown = all.map(each => among(each, all, trans));
    expect(shown[0]).toMatch(/^Rain \(alice, .*2026.*:00.*\)$/);
    expect(shown[2]).toMatch(/^Rain \(bob, .*21.*2026.*:00.*\)$/);
    expect(shown[3]).toBe('Snow');
    expect(shown[4]).toMatch(/… \(bob, .*, 5\)$/);
    expect(new Set(shown).size).toBe(6);
  });
});
