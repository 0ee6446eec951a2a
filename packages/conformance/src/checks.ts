/** What a suite found, counted; failures and notes are printed as they come. */
export class Checks {
  passed = 0;
  failed = 0;
  /** One reason for each thing that could not be checked here. */
  readonly skipped: string[] = [];
  readonly #suite: string;
  readonly #print: (line: string) => void;

  constructor(suite: string, print: (line: string) => void = console.log) {
    this.#suite = suite;
    this.#print = print;
  }

  /** Counts one check; a failed one is printed with `detail`. */
  check(what: string, ok: boolean, detail: () => string = () => ''): void {
    if (ok) {
      this.passed++;
      return;
    }
    this.failed++;
    const why = detail();
    this.#print(`FAIL ${this.#suite}: ${what}${why === '' ? '' : `: ${why}`}`);
  }

  /** Counts one check that two texts are equal. */
  equal(what: string, found: string, expected: string): void {
    this.check(what, found === expected, () => `${found}, expected ${expected}`);
  }

  /** Something that could not be checked here, and why. No failure. */
  skip(reason: string): void {
    this.skipped.push(reason);
  }

  /** Prints a measured figure. */
  note(line: string): void {
    this.#print(`     ${this.#suite}: ${line}`);
  }

  /** `name: N passed, M failed, K skipped (reasons)`. */
  summary(): string {
    const reasons = this.skipped.length === 0 ? '' : ` (${[...new Set(this.skipped)].join('; ')})`;
    return `${this.#suite}: ${this.passed} passed, ${this.failed} failed, ${this.skipped.length} skipped${reasons}`;
  }
}
