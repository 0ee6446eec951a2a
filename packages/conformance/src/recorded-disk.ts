import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PLUGIN = fileURLToPath(new URL('../python/record-writes.py', import.meta.url));
const START_MS = 10_000;
const HEADER_BYTES = 14;
const FLUSH = 2;

/** Why no disk can be recorded here; null when one can. */
export async function whyNoRecordedDisk(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'disks can be mounted by root alone';
  for (const [tool, ...args] of [
    ['nbdkit', 'python', '--version'],
    ['nbdfuse', '--version'],
    ['mkfs.ext4', '-V'],
    ['losetup', '--version'],
  ] as const)
    try {
      await run(tool, args);
    } catch (error) {
      return `${tool} ${args[0]} does not run: ${String((error as Error).message)
        .split('\n')
        .at(-1)}`;
    }
  return null;
}

/** Bytes of a block, and megabytes of the image and of its journal. ext4 wants a journal of at least 1,024 blocks. */
export interface ImageSize {
  readonly blockBytes: 1024 | 4096;
  readonly imageMb: number;
  readonly journalMb: number;
}

/** An ext4 file system with a journal, empty, as a new file. */
export async function makeImage(
  path: string,
  { blockBytes, imageMb, journalMb }: ImageSize,
): Promise<Uint8Array> {
  writeFileSync(path, Buffer.alloc(imageMb * 2 ** 20));
  const eager = 'nodiscard,lazy_itable_init=0,lazy_journal_init=0';
  const sizes = ['-b', `${blockBytes}`, '-J', `size=${journalMb}`, '-N', '512', '-m', '0'];
  await run('mkfs.ext4', ['-q', '-F', ...sizes, '-E', eager, path]);
  return readFileSync(path);
}

/**
 * A mounted file system on a disk whose writes and flushes are recorded: nbdkit with our plugin, shown as a file by nbdfuse, as a
 * block device by a loop. The kernel's page cache, ext4, its journal and the block layer are the real ones.
 */
export class RecordedDisk {
  readonly mountPoint: string;
  readonly #file: string;
  readonly #server: ChildProcess;
  #device: string | null = null;
  #isMounted = false;

  private constructor(folder: string, server: ChildProcess, file: string) {
    this.mountPoint = folder;
    this.#server = server;
    this.#file = file;
  }

  /**
   * @param folder for its files
   * @param number tells disks that share a record apart
   */
  static async open(folder: string, image: string, record: string, number: number): Promise<RecordedDisk> {
    const file = join(folder, `disk-${number}`);
    const mountPoint = join(folder, `mounted-${number}`);
    writeFileSync(file, '');
    mkdirSync(mountPoint, { recursive: true });
    const plugin = ['python', PLUGIN, `image=${image}`, `record=${record}`, `disk=${number}`];
    const server = spawn('nbdfuse', [file, '--socket-activation', 'nbdkit', '-f', ...plugin], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    server.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const disk = new RecordedDisk(mountPoint, server, file);
    try {
      const { size } = statSync(image);
      for (const until = Date.now() + START_MS; statSync(file).size !== size; await sleep(10))
        if (server.exitCode !== null || Date.now() > until)
          throw new Error(`nbdfuse does not start: ${said}`);
      disk.#device = (await run('losetup', ['--find', '--show', file])).stdout.trim();
      // The journal is committed every second, so that data which nobody syncs reaches the disk piece by piece.
      await run('mount', ['-o', 'noatime,commit=1', disk.#device, mountPoint]);
      disk.#isMounted = true;
      return disk;
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (this.#isMounted) await run('umount', [this.mountPoint]);
    this.#isMounted = false;
    if (this.#device !== null) await run('losetup', ['--detach', this.#device]);
    this.#device = null;
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const ended = once(this.#server, 'exit');
    await run('umount', [this.#file]).catch(() => this.#server.kill('SIGKILL'));
    await ended;
  }
}

/** What reached a disk. */
export interface DiskEvent {
  readonly disk: number;
  /** Where in the record it ends, bytes. */
  readonly end: number;
  readonly offset: number;
  /** Null for a flush. */
  readonly data: Uint8Array | null;
}

/** The record of all disks, in order. */
export function readRecord(path: string): DiskEvent[] {
  const bytes = readFileSync(path);
  const events: DiskEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isFlush = bytes[at] === FLUSH;
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 10);
    const data = isFlush ? null : bytes.subarray(at + HEADER_BYTES, end);
    events.push({ disk: bytes[at + 1]!, end, offset: Number(bytes.readBigUInt64BE(at + 2)), data });
    at = end;
  }
  return events;
}
