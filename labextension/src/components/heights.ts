/** Row heights of a long list: measured for rows that were shown, estimated for others. */
export class Heights {
  constructor(private readonly _guess: number) {}

  get count(): number {
    return this._sizes.length;
  }

  get total(): number {
    return this.offset(this.count);
  }

  /** Set the number of rows. */
  resize(count: number): void {
    if (count !== this._sizes.length) {
      const sizes = new Float64Array(count).fill(this._guess);
      sizes.set(this._sizes.subarray(0, Math.min(count, this._sizes.length)));
      this._sizes = sizes;
      this._offsets = null;
    }
  }

  /** Insert rows before the first one. */
  shift(rows: number): void {
    const sizes = new Float64Array(this.count + rows).fill(this._guess);
    sizes.set(this._sizes, rows);
    this._sizes = sizes;
    this._offsets = null;
  }

  /** Discard all measurements. */
  clear(): void {
    this._sizes.fill(this._guess);
    this._offsets = null;
  }

  /** Store a row's height; return the difference from the previous one. */
  measure(index: number, height: number): number {
    const before = this._sizes[index];
    if (before === undefined || Math.abs(before - height) < 0.5) {
      return 0;
    }
    this._sizes[index] = height;
    this._offsets = null;
    return height - before;
  }

  /** The position of a row. */
  offset(index: number): number {
    return this._places()[Math.min(index, this.count)] ?? 0;
  }

  /** The row at a position. */
  rowAt(place: number): number {
    const offsets = this._places();
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((offsets[middle] ?? 0) <= place) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return Math.max(0, low);
  }

  private _places(): Float64Array {
    if (this._offsets === null) {
      const offsets = new Float64Array(this._sizes.length + 1);
      let sum = 0;
      this._sizes.forEach((size, index) => {
        offsets[index] = sum;
        sum += size;
      });
      offsets[this._sizes.length] = sum;
      this._offsets = offsets;
    }
    return this._offsets;
  }

  private _sizes = new Float64Array(0);
  private _offsets: Float64Array | null = null;
}
