type Numbers = Uint8Array | Uint16Array | Uint32Array;

/** A column of numbers that grows; a width above 1 makes rows of so many. */
export class Column<T extends Numbers> {
  readonly #width: number;
  readonly #make: new (
    length: number,
  ) => T;
  #values: T;
  #rows = 0;

  constructor(make: new (length: number) => T, width = 1) {
    this.#make = make;
    this.#width = width;
    this.#values = new make(1024 * width);
  }

  get rows(): number {
    return this.#rows;
  }

  /** All rows; a view, valid until the next `push`. */
  get values(): T {
    return this.#values.subarray(0, this.#rows * this.#width) as T;
  }

  /** Appends a row. */
  push(...row: number[]): void {
    this.pushRow(row);
  }

  /** Appends a row of `width` numbers. */
  pushRow(row: ArrayLike<number>): void {
    if ((this.#rows + 1) * this.#width > this.#values.length) {
      const grown = new this.#make(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values.set(row, this.#rows * this.#width);
    this.#rows++;
  }
}
