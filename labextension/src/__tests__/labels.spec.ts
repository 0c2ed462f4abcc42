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

  it('is told apart from others that read alike, however they go on', () => {
    const long = 'Rain in Seattle, by month, and what became of it later: ';
    const all = [
      { label: 'Rain', owner: 'alice', code: '1' },
      { label: ' Rain\u202e', owner: 'bob', code: '2' },
      { label: 'Snow', owner: 'bob', code: '3' },
      { label: `${long}2023`, owner: 'bob', code: '4' },
      { label: `${long}2024`, owner: 'bob', code: '5' }
    ];
    const told = all.map(each => among(each, all, trans));
    expect(told.slice(0, 3)).toEqual([
      'Rain (alice, 1)',
      'Rain (bob, 2)',
      'Snow'
    ]);
    expect(new Set(told).size).toBe(5);
  });
});
