/** How high the rows of a long list are: measured where they were shown, guessed elsewhere. */
export class Heights {
  constructor(private readonly _guess: number) {}

  get count(): number {
    return this._sizes.length;
  }

  get total(): number {
    return this.offset(this.count);
  }

  /** Have so many rows. */
  resize(count: number): void {
    if (count !== this._sizes.length) {
      const sizes = new Float64Array(count).fill(this._guess);
      sizes.set(this._sizes.subarray(0, Math.min(count, this._sizes.length)));
      this._sizes = sizes;
      this._offsets = null;
    }
  }

  /** Let so many rows come in before the first one. */
  shift(rows: number): void {
    const sizes = new Float64Array(this.count + rows).fill(this._guess);
    sizes.set(this._sizes, rows);
    this._sizes = sizes;
    this._offsets = null;
  }

  /** Forget what was measured. */
  clear(): void {
    this._sizes.fill(this._guess);
    this._offsets = null;
  }

  /** Note how high a row is; returns by how much that differs from before. */
  measure(index: number, height: number): number {
    const before = this._sizes[index];
    if (before === undefined || Math.abs(before - height) < 0.5) {
      return 0;
    }
    this._sizes[index] = height;
    this._offsets = null;
    return height - before;
  }

  /** Where a row begins. */
  offset(index: number): number {
    return this._places()[Math.min(index, this.count)] ?? 0;
  }

  /** The row at a place. */
  at(place: number): number {
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
