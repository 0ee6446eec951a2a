import type { Disk } from './disk.js';

/** Chance from a seed (mulberry32), good enough for schedules. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to n - 1. */
  integer(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  bernoulli(p: number): boolean {
    return this.integer(1e9) < p * 1e9;
  }
}

/** Thrown when the power goes. */
export class PowerLoss extends Error {}

interface File {
  /** What a loss of power leaves in any case. */
  durable: Buffer;
  /** Appended since the last sync. */
  unsynced: Buffer;
}

/** What may go wrong: at this operation, counted from 0, the power goes or the disk answers with an error. */
export interface Faults {
  readonly powerLossAt?: number;
  readonly errorAt?: number;
  /** Share of appends of which only a part is taken. */
  readonly shortWrites?: number;
}

/**
 * A disk in memory that forgets. After a loss of power a file holds what was synced and, of the rest, any part: nothing, a piece, all of it,
 * or sectors of it with zeroes between.
 */
export class SimulatedDisk implements Disk {
  readonly #files: Map<string, File>;
  readonly #random: Dice;
  readonly #faults: Faults;
  operations = 0;

  constructor(random: Dice, faults: Faults = {}, files = new Map<string, File>()) {
    this.#random = random;
    this.#faults = faults;
    this.#files = files;
  }

  /** The disk as it is found when the power is back. */
  afterPowerLoss(faults: Faults = {}): SimulatedDisk {
    const files = new Map<string, File>();
    for (const [path, { durable, unsynced }] of this.#files)
      files.set(path, {
        durable: Buffer.concat([durable, this.#remains(unsynced)]),
        unsynced: Buffer.alloc(0),
      });
    return new SimulatedDisk(this.#random, faults, files);
  }

  /** The disk as the next process finds it when only the process died. */
  afterKill(faults: Faults = {}): SimulatedDisk {
    return new SimulatedDisk(this.#random, faults, this.#files);
  }

  size(path: string): number | null {
    const file = this.#files.get(path);
    return file === undefined ? null : file.durable.length + file.unsynced.length;
  }

  read(path: string, at: number, length: number): Uint8Array {
    const file = this.#files.get(path);
    if (file === undefined) return new Uint8Array(0);
    return Uint8Array.from(Buffer.concat([file.durable, file.unsynced]).subarray(at, at + length));
  }

  append(path: string, bytes: Uint8Array): number {
    const file = this.#files.get(path) ?? { durable: Buffer.alloc(0), unsynced: Buffer.alloc(0) };
    this.#files.set(path, file);
    const isShort = bytes.length > 1 && this.#random.bernoulli(this.#faults.shortWrites ?? 0);
    const taken = isShort ? 1 + this.#random.integer(bytes.length - 1) : bytes.length;
    this.#step(() => {
      file.unsynced = Buffer.concat([file.unsynced, bytes.subarray(0, this.#random.integer(taken + 1))]);
    });
    file.unsynced = Buffer.concat([file.unsynced, bytes.subarray(0, taken)]);
    return taken;
  }

  sync(path: string): void {
    this.#step();
    const file = this.#files.get(path);
    if (file === undefined) return;
    file.durable = Buffer.concat([file.durable, file.unsynced]);
    file.unsynced = Buffer.alloc(0);
  }

  truncate(path: string, size: number): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    const cut = (): void => {
      file.durable = Buffer.concat([file.durable, file.unsynced]).subarray(0, size);
      file.unsynced = Buffer.alloc(0);
    };
    this.#step(this.#random.bernoulli(0.5) ? cut : undefined);
    cut();
  }

  replace(path: string, bytes: Uint8Array): void {
    const put = (): void => {
      this.#files.set(path, { durable: Buffer.from(bytes), unsynced: Buffer.alloc(0) });
    };
    this.#step(this.#random.bernoulli(0.5) ? put : undefined);
    put();
  }

  list(folder: string): string[] {
    const inside = [...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0]!))].sort();
  }

  close(): void {}

  /** Flips a bit of what is durable. */
  damage(path: string, at: number, bit: number): void {
    this.#files.get(path)!.durable[at]! ^= 1 << bit;
  }

  /** @param half what the operation may still have done when the power went */
  #step(half: () => void = () => {}): void {
    const operation = this.operations++;
    if (operation === this.#faults.powerLossAt) {
      half();
      throw new PowerLoss();
    }
    if (operation === this.#faults.errorAt) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  }

  #remains(unsynced: Buffer): Buffer {
    const bytes = Buffer.from(unsynced.subarray(0, this.#random.integer(unsynced.length + 1)));
    if (this.#random.bernoulli(0.3)) return Buffer.from(unsynced);
    for (let sector = 0; sector < bytes.length; sector += 512)
      if (this.#random.bernoulli(0.2)) bytes.fill(0, sector, Math.min(bytes.length, sector + 512));
    return bytes;
  }
}
