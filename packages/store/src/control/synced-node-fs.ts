import { fsyncSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';

type Options = Parameters<NodeFS['init']>[1];

/** The part of Emscripten's NODEFS that is touched here. */
interface EmscriptenNodeFs {
  readonly stream_ops: { fsync?: (stream: { readonly nfd: number }) => number };
}

/** `errno::io` of WASI preview 1. */
const WASI_EIO = 29;

/**
 * PGlite's directory on the file system of the host, with an fsync that reaches the disk.
 *
 * PGlite 0.5.16 starts PostgreSQL with `-F` (fsync off), and Emscripten's NODEFS has no fsync: what is committed survives `kill -9`,
 * since the kernel has it, but not a loss of power, after which the directory may not open. Emscripten passes fsync on to
 * `stream_ops.fsync` where there is one; fdatasync it drops, hence `wal_sync_method=fsync` in `SYNCED_START`.
 */
export class SyncedNodeFs extends NodeFS {
  override async init(pglite: PGlite, options: Options): ReturnType<NodeFS['init']> {
    const { emscriptenOpts } = await super.init(pglite, options);
    const enableSync = (module: unknown): void => {
      const nodeFs = (module as { readonly NODEFS: EmscriptenNodeFs }).NODEFS;
      nodeFs.stream_ops.fsync = (stream) => {
        // An exception would unwind PostgreSQL at a place where it cannot stand it. A code makes it stop, as it does when a disk fails.
        try {
          fsyncSync(stream.nfd);
          return 0;
        } catch {
          return WASI_EIO;
        }
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), enableSync] } };
  }
}
