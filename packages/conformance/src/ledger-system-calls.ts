import { appendFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checks } from './checks.js';
import { checkFullDisk } from './ledger-full-disk.js';
import type { WriterOrders } from './ledger-workload.js';
import type { Suite } from './suite.js';
import { type Fault, runWriter, type Scenario, SystemCallRig } from './system-call-rig.js';
import { whyNoStrace } from './system-call-trace.js';

/** Calls after which the process must know that what it wrote may be lost. */
const MUST_SURFACE = new Set(['write', 'fsync', 'fdatasync', 'ftruncate', 'rename']);

/** Every system call of a log's life, failing in every way. */
export const ledgerSystemCalls: Suite = {
  name: 'ledger-system-calls',
  what: 'every system call of a commit and a restart under EIO, ENOSPC, short writes and kill, by strace; a full disk; controls without syncs and with swallowed errors',
  async run(checks) {
    const missing = await whyNoStrace();
    if (missing === null) await checkSystemCalls(checks);
    else checks.skip(missing);
    await checkFullDisk(checks);
  },
};

async function checkSystemCalls(checks: Checks): Promise<void> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'phalanx-calls-')));
  try {
    for (const scenario of [commit, restart]) {
      const rig = await SystemCallRig.open(root, scenario);
      checks.note(`${scenario.name}: ${rig.calls.length} system calls on the log: ${countNames(rig.calls)}`);
      await checkFaults(checks, rig);
      if (scenario === commit) await checkControls(checks, rig);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A log from nothing: two segments, three checkpoints. */
const commit: Scenario = {
  name: 'a new log, three batches',
  before: 0,
  batches: [3, 300, 2],
  async prepare() {},
};

/** A log that goes on after a write that was cut off and a checkpoint that was signed and not published. */
const restart: Scenario = {
  name: 'a restart after a torn write',
  before: 305,
  batches: [4],
  async prepare(folder) {
    const orders: WriterOrders = { log: join(folder, 'log'), state: join(folder, 'state'), batches: [303] };
    await runWriter(folder, orders, { trace: 'none' });
    const published = readFileSync(join(folder, 'log/checkpoint'));
    await runWriter(folder, { ...orders, batches: [2] }, { trace: 'none' });
    writeFileSync(join(folder, 'log/checkpoint'), published);
    appendFileSync(join(folder, 'log/entries/000000001'), Buffer.from('PXF1 and no more'));
  },
};

async function checkFaults(checks: Checks, rig: SystemCallRig): Promise<void> {
  const faults = rig.calls.flatMap(({ name, nth, bytes }) => faultsOf(name, nth, bytes));
  const reported = new Map<string, number>();
  let refused = 0;
  const outcomes = await rig.runAll(faults);
  for (const { fault, events, isHit, left, afterPowerLoss } of outcomes) {
    const name = `${rig.scenario.name}: ${fault.call} ${fault.nth} ${fault.kind} ${fault.keep || ''}`.trim();
    const story = (): string => events.map(({ kind, size, what }) => what ?? `${kind} ${size}`).join(', ');
    checks.check(`${name}: came about`, isHit);
    const failure = events.findIndex(({ kind }) => kind === 'failed');
    const isError = fault.kind === 'EIO' || fault.kind === 'ENOSPC';
    if (isError && MUST_SURFACE.has(fault.call)) checks.check(`${name}: is reported`, failure >= 0, story);
    if (isError && failure >= 0) reported.set(fault.call, (reported.get(fault.call) ?? 0) + 1);
    if (isError && MUST_SURFACE.has(fault.call) && failure >= 0)
      checks.check(
        `${name}: nothing is acknowledged after`,
        events.slice(failure).every(({ kind }) => kind === 'failed'),
        story,
      );
    for (const [when, { faults, unreadable, refusal }] of [
      ['as left', left],
      ['after a loss of power', afterPowerLoss],
    ] as const) {
      const isExcused = fault.kind === 'lie' && refusal !== null;
      if (isExcused) refused++;
      const wrong = fault.kind === 'lie' ? faults : [...faults, ...unreadable];
      checks.check(
        `${name}: ${when}`,
        isExcused || wrong.length === 0,
        () => `${wrong.join('; ')} (${story()})`,
      );
    }
  }
  const kinds = countNames(faults.map(({ kind }) => ({ name: kind })));
  checks.note(
    `${rig.scenario.name}: ${faults.length} faults (${kinds}), each opened twice; errors reported by ${[...reported].map(([call, n]) => `${call} ${n}`).join(', ')}; ${refused} refusals after a write that never happened`,
  );
}

/** The rig must find what is lost when syncs are missing or errors are swallowed. */
async function checkControls(checks: Checks, rig: SystemCallRig): Promise<void> {
  const writes = rig.calls.filter(({ name }) => name === 'write');
  const kills = writes.map(({ nth }): Fault => ({ call: 'write', nth, kind: 'KILL', keep: 0 }));
  for (const flaw of ['no-sync', 'bare-replace'] as const) {
    const hit = (await rig.runAll(kills, flaw)).filter(({ isHit }) => isHit);
    const lost = hit.filter(
      ({ afterPowerLoss: { faults, unreadable } }) => faults.length + unreadable.length > 0,
    );
    checks.note(`control ${flaw}: ${lost.length} of ${hit.length} kills lose what was promised`);
    checks.check(`control ${flaw}: losses are found`, lost.length > hit.length / 4);
  }
  const errors = rig.calls
    .filter(({ name }) => name === 'write' || name === 'fdatasync')
    .map(({ name, nth }): Fault => ({ call: name, nth, kind: 'EIO', keep: 0 }));
  const swallowed = (await rig.runAll(errors, 'swallow')).filter(({ isHit }) => isHit);
  const found = swallowed.filter(
    ({ left, afterPowerLoss }) => left.faults.length + afterPowerLoss.faults.length > 0,
  );
  checks.note(`control swallow: ${found.length} of ${swallowed.length} errors lose what was promised`);
  checks.check('control swallow: losses are found', found.length > 0);
}

function faultsOf(call: string, nth: number, bytes: number): Fault[] {
  const faults: Fault[] = (['EIO', 'ENOSPC', 'KILL'] as const).map((kind) => ({ call, nth, kind, keep: 0 }));
  if (call !== 'write') return faults;
  for (const keep of new Set([1, bytes >> 1])) faults.push({ call, nth, kind: 'short', keep });
  return [...faults, { call, nth, kind: 'lie', keep: bytes >> 1 }];
}

function countNames(things: readonly { readonly name: string }[]): string {
  const counts = new Map<string, number>();
  for (const { name } of things) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, n]) => `${name} ${n}`).join(', ');
}
