/** Distinct values by key, numbered from 0 in order of arrival. */
export class InternTable<T> {
  readonly values: T[] = [];
  readonly #index = new Map<string, number>();

  /** The number of the value with this key; `make` is called for a new key only. */
  intern(key: string, make: () => T): number {
    let index = this.#index.get(key);
    if (index === undefined) {
      index = this.values.length;
      this.values.push(make());
      this.#index.set(key, index);
    }
    return index;
  }
}
