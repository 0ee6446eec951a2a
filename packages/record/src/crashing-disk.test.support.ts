import type { Disk } from '@phalanx/ledger';

/** Thrown by every call once the power is gone. */
export class PowerLoss extends Error {}

interface File {
  bytes: Buffer;
  /** Bytes that a loss of power leaves. */
  synced: number;
}

/** A disk in memory that loses power at an operation; a part of what was not synced is gone afterwards. */
export class CrashingDisk implements Disk {
  readonly #files: Map<string, File>;
  readonly #crashAt: number;
  readonly #share: number;
  operations = 0;

  /** @param share of the unsynced bytes that survive */
  constructor(crashAt = Number.POSITIVE_INFINITY, share = 0.5, files = new Map<string, File>()) {
    this.#crashAt = crashAt;
    this.#share = share;
    this.#files = files;
  }

  afterCrash(): CrashingDisk {
    const files = new Map<string, File>();
    for (const [path, { bytes, synced }] of this.#files) {
      const left = Buffer.from(bytes.subarray(0, synced + Math.floor((bytes.length - synced) * this.#share)));
      files.set(path, { bytes: left, synced: left.length });
    }
    return new CrashingDisk(Number.POSITIVE_INFINITY, 0, files);
  }

  damage(path: string, at: number): void {
    this.#files.get(path)!.bytes[at]! ^= 1;
  }

  size(path: string): number | null {
    return this.#files.get(path)?.bytes.length ?? null;
  }

  read(path: string, at: number, length: number): Uint8Array {
    const file = this.#files.get(path);
    return file === undefined ? new Uint8Array(0) : Uint8Array.from(file.bytes.subarray(at, at + length));
  }

  append(path: string, bytes: Uint8Array): number {
    const file = this.#files.get(path) ?? { bytes: Buffer.alloc(0), synced: 0 };
    this.#files.set(path, file);
    file.bytes = Buffer.concat([file.bytes, bytes]);
    this.#step();
    return bytes.length;
  }

  sync(path: string): void {
    this.#step();
    const file = this.#files.get(path);
    if (file !== undefined) file.synced = file.bytes.length;
  }

  truncate(path: string, size: number): void {
    this.#step();
    const file = this.#files.get(path);
    if (file === undefined) return;
    file.bytes = file.bytes.subarray(0, size);
    file.synced = size;
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#step();
    this.#files.set(path, { bytes: Buffer.from(bytes), synced: bytes.length });
  }

  list(folder: string): string[] {
    const inside = [...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0]!))].sort();
  }

  close(): void {}

  #step(): void {
    if (this.operations++ >= this.#crashAt) throw new PowerLoss();
  }
}
