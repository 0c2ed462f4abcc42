import { nullTranslator } from '@jupyterlab/translation';

import { briefly, called } from '../src/wording/labels';

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
});
