import { Heights } from '../components/heights';

describe('Heights', () => {
  it('guesses what was not measured', () => {
    const heights = new Heights(100);
    heights.resize(100_000);
    expect(heights.total).toBe(10_000_000);
    expect(heights.rowAt(123_456)).toBe(1234);
    expect(heights.offset(1234)).toBe(123_400);
  });

  it('moves what stands below a row that turns out higher', () => {
    const heights = new Heights(100);
    heights.resize(10);
    expect(heights.measure(2, 350)).toBe(250);
    expect(heights.offset(2)).toBe(200);
    expect(heights.offset(3)).toBe(550);
    expect(heights.rowAt(549)).toBe(2);
    expect(heights.rowAt(550)).toBe(3);
    expect(heights.measure(2, 350)).toBe(0);
  });

  it('keeps what was measured when rows come in at either end', () => {
    const heights = new Heights(100);
    heights.resize(3);
    heights.measure(0, 40);
    heights.resize(5);
    heights.shift(2);
    expect(heights.count).toBe(7);
    expect(heights.offset(3) - heights.offset(2)).toBe(40);
  });

  it('finds the first row above the list and the last below it', () => {
    const heights = new Heights(10);
    expect(heights.rowAt(50)).toBe(0);
    heights.resize(4);
    expect(heights.rowAt(-5)).toBe(0);
    expect(heights.rowAt(4000)).toBe(3);
  });
});
