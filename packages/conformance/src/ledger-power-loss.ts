import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Random } from '@phalanx/stats';
import type { Checks } from './checks.js';
import { type CrashState, crashStates, REMAINS } from './crash-states.js';
import { inspectLog, type Promised } from './ledger-aftermath.js';
import { type Flaw, readEvents, rootsUpTo, type WriterEvent, type WriterOrders } from './ledger-workload.js';
import {
  type DiskEvent,
  type ImageSize,
  makeImage,
  RecordedDisk,
  readRecord,
  whyNoRecordedDisk,
} from './recorded-disk.js';
import type { Suite } from './suite.js';

const run = promisify(execFile);
const WRITER = fileURLToPath(new URL('./ledger-writer.js', import.meta.url));
const SEED = 20_260_201;
/** For entries and for the state; small, since each crash state is a copy. */
const SIZES: readonly ImageSize[] = [
  { blockBytes: 4096, imageMb: 12, journalMb: 4 },
  { blockBytes: 1024, imageMb: 4, journalMb: 1 },
];
/** The second and third begin with what a crash of the one before left, so that recovery is cut off too. */
const GENERATIONS = 3;
const STATES = 400;
const CONTROL_STATES = 150;
/** Mounting is mostly waiting. */
const AT_ONCE = 3;
/** Processes that write one after another, and batches of each. */
const LIVES = 3;
const BATCHES = 24;

/** What reached the disks of a log while it was written, and what had been promised when. */
interface Recording {
  readonly bases: readonly Uint8Array[];
  readonly events: readonly DiskEvent[];
  /** The first event after the file systems were mounted. */
  readonly first: number;
  readonly said: readonly WriterEvent[];
  readonly before: Promised;
}

/** The log on a real file system whose block device loses power. */
export const ledgerPowerLoss: Suite = {
  name: 'ledger-power-loss',
  what: 'a log on ext4 over recorded block devices (nbdkit, nbdfuse, loop), entries and state on one each: 1,200 crash states; controls without syncs',
  async run(checks) {
    const missing = await whyNoRecordedDisk();
    if (missing !== null) {
      checks.skip(missing);
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-power-'));
    try {
      // Crash states are written and mounted here, a thousand times.
      await run('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'phalanx', folder]);
    } catch (error) {
      rmSync(folder, { recursive: true });
      checks.skip(
        `no tmpfs can be mounted: ${String((error as Error).message)
          .split('\n')
          .at(-1)}`,
      );
      return;
    }
    try {
      await checkPowerLoss(checks, folder);
    } finally {
      await run('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function checkPowerLoss(checks: Checks, folder: string): Promise<void> {
  const random = new Random(SEED);
  const empty = await Promise.all(SIZES.map((size, disk) => makeImage(join(folder, `new-${disk}`), size)));
  const nothing: Promised = { acknowledged: 0, shown: 0 };
  let bases: readonly Uint8Array[] = empty;
  let before = nothing;
  let states = 0;
  for (let generation = 1; generation <= GENERATIONS; generation++) {
    const recording = await record(folder, bases, before, random);
    const { faults, last } = await replay(folder, recording, STATES, random);
    const { writes, flushes } = countEvents(recording.events);
    const { acknowledged, shown } = promisedBy(recording, Number.POSITIVE_INFINITY);
    checks.note(
      `power loss, generation ${generation}: ${writes} writes, ${flushes} flushes, ${acknowledged} entries acknowledged, ${shown} shown; ${STATES} crash states, ${faults.length} faulty`,
    );
    for (const fault of faults.slice(0, 20))
      checks.check('a crash state keeps every promise', false, () => fault);
    for (let i = faults.length; i < STATES; i++) checks.check('a crash state keeps every promise', true);
    states += STATES;
    bases = last.images;
    before = promisedBy(recording, recording.events[last.cut - 1]!.end);
  }
  checks.check('at least 1,000 crash states', states >= 1000);
  for (const flaw of ['no-sync', 'bare-replace'] as const) {
    const recording = await record(folder, empty, nothing, random, flaw);
    const { faults } = await replay(folder, recording, CONTROL_STATES, random);
    checks.note(
      `control ${flaw}: ${faults.length} of ${CONTROL_STATES} crash states break a promise, such as: ${faults[0] ?? 'none'}`,
    );
    checks.check(`control ${flaw}: losses are found`, faults.length > CONTROL_STATES / 10);
  }
}

/** Has processes write the log on recorded disks that begin with these images. */
async function record(
  folder: string,
  bases: readonly Uint8Array[],
  before: Promised,
  random: Random,
  flaw?: Flaw,
): Promise<Recording> {
  const place = mkdtempSync(join(folder, 'recording-'));
  const path = join(place, 'record');
  writeFileSync(path, '');
  const disks: RecordedDisk[] = [];
  try {
    for (const [number, base] of bases.entries()) {
      const image = join(place, `image-${number}`);
      writeFileSync(image, base);
      disks.push(await RecordedDisk.open(place, image, path, number));
    }
    // What mounting writes is no matter of the log's.
    const folders = foldersOn(disks.map(({ mountPoint }) => mountPoint));
    for (const made of Object.values(folders)) mkdirSync(made, { recursive: true });
    await run('sync', ['--file-system', ...disks.map(({ mountPoint }) => mountPoint)]);
    const start = statSync(path).size;
    const said: WriterEvent[] = [];
    for (let life = 0; life < LIVES; life++) {
      const batches = Array.from({ length: BATCHES }, () => 1 + random.integer(20));
      const orders: WriterOrders = { ...folders, batches, publishEvery: 3, flaw, clock: path };
      said.push(...readEvents((await run(process.execPath, [WRITER, JSON.stringify(orders)])).stdout));
    }
    const failed = said.find(({ kind }) => kind === 'failed');
    if (failed) throw new Error(`the log could not be written: ${failed.what}`);
    await run('sync', ['--file-system', ...disks.map(({ mountPoint }) => mountPoint)]);
    const events = readRecord(path);
    return { bases, events, first: events.findIndex(({ end }) => end > start), said, before };
  } finally {
    for (const disk of disks) await disk.close();
    rmSync(place, { recursive: true, force: true });
  }
}

/** Draws crash states, mounts each and compares the log that is there with what was promised by then. */
async function replay(
  folder: string,
  recording: Recording,
  states: number,
  random: Random,
): Promise<{ faults: string[]; last: CrashState }> {
  const { bases, events, first } = recording;
  const cuts = Array.from({ length: states }, (_, i) => ({
    cut: first + random.integer(events.length - first + 1),
    remains: REMAINS[i % REMAINS.length]!,
  })).sort((a, b) => a.cut - b.cut);
  const roots = rootsUpTo(Math.max(...recording.said.map(({ size }) => size)));
  const faults: string[] = [];
  const keep = Math.floor(states * (0.5 + random.uniform() / 2));
  let last: CrashState | undefined;
  let seen = 0;
  const left = crashStates(bases, events, cuts, () => random.uniform());
  const inspectAll = async (place: string): Promise<void> => {
    for (let next = left.next(); !next.done; next = left.next()) {
      const state = next.value;
      if (seen++ === keep) last = state;
      const at = state.cut === 0 ? 0 : events[state.cut - 1]!.end;
      const found = await inspectState(place, state, promisedBy(recording, at), roots);
      if (found.length > 0) faults.push(`event ${state.cut}, ${state.remains}: ${found.join('; ')}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => inspectAll(join(folder, `crash-${i}`))));
  return { faults, last: last! };
}

async function inspectState(
  folder: string,
  { images }: CrashState,
  promised: Promised,
  roots: readonly string[],
): Promise<readonly string[]> {
  const places = images.map((_, disk) => join(folder, `found-${disk}`));
  for (const [disk, image] of images.entries()) {
    mkdirSync(places[disk]!, { recursive: true });
    writeFileSync(join(folder, `disk-${disk}`), image);
  }
  // One process for all of them: starting one takes longer than mounting.
  const mounts = places.map((place, disk) => `mount -o loop,noatime '${folder}/disk-${disk}' '${place}'`);
  try {
    await run('sh', ['-c', mounts.join(' && ')]);
    const { faults, unreadable } = await inspectLog(foldersOn(places), promised, roots);
    return [...faults, ...unreadable];
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr === undefined) throw error;
    return [`not mounted: ${stderr}`];
  } finally {
    await run('umount', ['--quiet', ...places]).catch(() => undefined);
  }
}

/** What had been promised when the record had so many bytes. */
function promisedBy({ said, before }: Recording, at: number): Promised {
  let { acknowledged, shown } = before;
  for (const event of said) {
    if (event.at > at) continue;
    if (event.kind === 'published') shown = Math.max(shown, event.size);
    else acknowledged = Math.max(acknowledged, event.size);
  }
  return { acknowledged, shown };
}

function foldersOn([entries, state]: readonly string[]): { log: string; state: string } {
  return { log: join(entries!, 'log'), state: join(state!, 'state') };
}

function countEvents(events: readonly DiskEvent[]): { writes: number; flushes: number } {
  const flushes = events.filter(({ data }) => data === null).length;
  return { writes: events.length - flushes, flushes };
}
