import { randomBytes } from 'node:crypto';
import type { AccountKeys, DayKey } from './opening-box.js';

/** Keys in memory, which survive what the test lets survive. */
export class MemoryKeys implements AccountKeys {
  readonly #keys = new Map<string, DayKey & { readonly account: bigint }>();
  readonly #names = new Map<bigint, DayKey & { readonly account: bigint }>();

  async findOrMake(accounts: readonly bigint[], day: number): Promise<readonly DayKey[]> {
    return accounts.map((account) => {
      const name = `${account} ${day}`;
      const key = this.#keys.get(name) ?? {
        account,
        id: randomBytes(8).readBigUInt64LE(),
        key: randomBytes(32),
      };
      this.#keys.set(name, key);
      this.#names.set(key.id, key);
      return key;
    });
  }

  async findNamed(id: bigint): Promise<{ readonly account: bigint; readonly key: Uint8Array } | null> {
    return this.#names.get(id) ?? null;
  }

  async erase(account: bigint): Promise<number> {
    const mine = [...this.#keys].filter(([, key]) => key.account === account);
    for (const [name, { id }] of mine) {
      this.#keys.delete(name);
      this.#names.delete(id);
    }
    return mine.length;
  }
}
