import { choose } from '../session/history/choice';

const shown = (data: object) =>
  choose({ output_type: 'display_data', data, metadata: {} });

describe('how an output of others is shown', () => {
  it.each([
    'text/html',
    'text/markdown',
    'text/latex',
    'image/svg+xml',
    'application/json'
  ])('puts %s into a sandbox, whatever it holds', mime => {
    expect(shown({ [mime]: 'harmless', 'text/plain': 'x' })).toEqual({
      how: 'sandboxed',
      mime
    });
  });

  it('makes the image of pixels itself', () => {
    const data = { 'image/png': ['aGVs\n', 'bG8=\n'], 'text/plain': 'hello' };
    expect(shown(data)).toEqual({
      how: 'image',
      mime: 'image/png',
      data: 'aGVsbG8=',
      label: 'hello'
    });
  });

  it('prefers the picture to the JSON beside it', () => {
    const data = { 'application/json': {}, 'image/png': 'aGVsbG8=' };
    expect(shown(data).how).toBe('image');
  });

  it('shows text as text', () => {
    expect(shown({ 'text/plain': ['<b>', 'x'] })).toMatchObject({
      how: 'text',
      text: '<b>x'
    });
    const stream = { output_type: 'stream', name: 'stderr', text: '<b>' };
    expect(choose(stream)).toMatchObject({
      how: 'text',
      mime: 'application/vnd.jupyter.stderr'
    });
  });

  it('leaves to plain text what runs only inside a page', () => {
    const script = { 'application/javascript': 'x', 'text/plain': 'said' };
    expect(shown(script)).toMatchObject({ how: 'text', text: 'said' });
  });

  it('shows nothing of a kind that it does not know', () => {
    expect(shown({ 'application/x': 'x', toString: 'x' })).toEqual({
      how: 'never',
      mimes: ['application/x', 'toString']
    });
  });
});
