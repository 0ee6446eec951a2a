/** Work that must not run at the same time, by what it is about: one after the other, in the order in which it was asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(about: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(about) ?? Promise.resolve()).then(work, work);
    const end = turn.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(about, end);
    void end.then(() => {
      if (this.#last.get(about) === end) this.#last.delete(about);
    });
    return turn;
  }
}
