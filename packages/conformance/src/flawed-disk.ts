import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FolderDisk } from '@phalanx/ledger';

/** A disk that acknowledges what it did not sync: what fault tests must find out. */
export class UnsyncedDisk extends FolderDisk {
  override sync(): void {}
}

/** A disk that puts one content in place of another as most programs do: durable some time later. */
export class BareReplaceDisk extends FolderDisk {
  readonly #root: string;

  constructor(root: string) {
    super(root);
    this.#root = root;
  }

  override replace(path: string, bytes: Uint8Array): void {
    const whole = join(this.#root, path);
    writeFileSync(`${whole}.tmp`, bytes);
    renameSync(`${whole}.tmp`, whole);
  }
}

/** A disk whose failures nobody hears of. */
export class DeafDisk extends FolderDisk {
  override append(path: string, bytes: Uint8Array): number {
    try {
      return super.append(path, bytes);
    } catch {
      return bytes.length;
    }
  }

  override sync(path: string): void {
    try {
      super.sync(path);
    } catch {}
  }

  override replace(path: string, bytes: Uint8Array): void {
    try {
      super.replace(path, bytes);
    } catch {}
  }
}
