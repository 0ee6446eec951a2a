import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Aftermath, inspectLog } from './ledger-aftermath.js';
import { type Flaw, readEvents, rootsUpTo, type WriterEvent, type WriterOrders } from './ledger-workload.js';
import { type TracedRun, type TraceOptions, traceNode } from './system-call-trace.js';
import { dropUnsynced, SYNC_CALLS } from './unsynced-bytes.js';

const WRITER = fileURLToPath(new URL('./ledger-writer.js', import.meta.url));
const AT_ONCE = 2;

/** A life of a log: what is there before, and what its process does. */
export interface Scenario {
  readonly name: string;
  /** Entries acknowledged before. */
  readonly before: number;
  readonly batches: readonly number[];
  /** Makes the folders `log` and `state` in this one. */
  prepare(folder: string): Promise<void>;
}

/** What goes wrong, at the call `nth` of its name, from 1. */
export interface Fault {
  readonly call: string;
  readonly nth: number;
  readonly kind: 'EIO' | 'ENOSPC' | 'KILL' | 'short' | 'lie';
  /** Bytes that a write takes, or says it took. */
  readonly keep: number;
}

/** What a fault led to. */
export interface Outcome {
  readonly fault: Fault;
  readonly events: readonly WriterEvent[];
  /** Whether the fault came about. */
  readonly isHit: boolean;
  readonly left: Aftermath;
  readonly afterPowerLoss: Aftermath;
}

/** A scenario with the system calls that it makes, ready to be run with faults. */
export class SystemCallRig {
  readonly scenario: Scenario;
  /** In order, each with its place among the calls of its name. */
  readonly calls: readonly { readonly name: string; readonly nth: number; readonly bytes: number }[];
  readonly roots: readonly string[];
  readonly #root: string;
  readonly #template: string;
  /** Relative to the folder of a run. */
  readonly #paths: readonly string[];
  #runs = 0;

  private constructor(
    root: string,
    template: string,
    scenario: Scenario,
    { calls }: TracedRun,
    folder: string,
  ) {
    this.#root = root;
    this.#template = template;
    this.scenario = scenario;
    const counts = new Map<string, number>();
    const paths = new Set<string>();
    this.calls = calls.flatMap(({ name, paths: named, result }) => {
      const inside = named.filter((path) => path === folder || path.startsWith(`${folder}/`));
      if (inside.length === 0) return [];
      for (const path of inside) paths.add(path.slice(folder.length));
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      return [{ name, nth, bytes: name === 'write' ? result! : 0 }];
    });
    this.#paths = [...paths];
    this.roots = rootsUpTo(scenario.before + scenario.batches.reduce((sum, n) => sum + n, 0));
  }

  /** Counts what the scenario does when nothing goes wrong. */
  static async open(root: string, scenario: Scenario): Promise<SystemCallRig> {
    const template = mkdtempSync(join(root, 'template-'));
    await scenario.prepare(template);
    const folder = mkdtempSync(join(root, 'counted-'));
    cpSync(template, folder, { recursive: true });
    const run = await runWriter(folder, ordersIn(folder, scenario), { trace: '%file,%desc' });
    return new SystemCallRig(root, template, scenario, run, folder);
  }

  /** Runs the scenario with a fault and looks at what is left: as it lies there, and without what was not synced. */
  async run(fault: Fault, flaw?: Flaw): Promise<Outcome> {
    const folder = join(this.#root, `run-${this.#runs++}`);
    const loss = `${folder}-loss`;
    cpSync(this.#template, folder, { recursive: true });
    try {
      const { call, nth, kind, keep } = fault;
      const how = { EIO: 'error=EIO', ENOSPC: 'error=ENOSPC', KILL: 'signal=KILL', lie: `retval=${keep}` };
      const shortWrite = kind === 'short' ? { nth, keep } : undefined;
      const run = await runWriter(
        folder,
        { ...ordersIn(folder, this.scenario), flaw, shortWrite },
        {
          trace: [...new Set([...SYNC_CALLS, call])].join(),
          paths: this.#paths.map((path) => folder + path),
          inject: kind === 'short' ? undefined : `${call}:${how[kind]}:when=${nth}`,
        },
      );
      const events = readEvents(run.stdout);
      const sizeOf = (kind: WriterEvent['kind']): number =>
        events.reduce((size, event) => (event.kind === kind ? Math.max(size, event.size) : size), 0);
      const promised = {
        acknowledged: Math.max(this.scenario.before, sizeOf('appended')),
        shown: Math.max(this.scenario.before, sizeOf('published')),
      };
      // A disk that lies may lose what was acknowledged; what was signed was read back before.
      if (kind === 'lie') promised.acknowledged = promised.shown;
      cpSync(folder, loss, { recursive: true });
      dropUnsynced(run.calls, (path) => path.replace(folder, loss));
      return {
        fault,
        events,
        isHit: isHit(run, fault),
        left: await inspectLog(foldersIn(folder), promised, this.roots),
        afterPowerLoss: await inspectLog(foldersIn(loss), promised, this.roots),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
      rmSync(loss, { recursive: true, force: true });
    }
  }

  /** Runs the scenario with one fault after another, two processes at once; outcomes in the order of the faults. */
  async runAll(faults: readonly Fault[], flaw?: Flaw): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    const left = [...faults.entries()];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = left.shift(); next !== undefined; next = left.shift())
          outcomes[next[0]] = await this.run(next[1], flaw);
      }),
    );
    return outcomes;
  }
}

function isHit({ calls, isKilled }: TracedRun, { kind, nth, keep }: Fault): boolean {
  if (kind === 'KILL') return isKilled;
  if (kind === 'short') return calls.filter(({ name }) => name === 'write')[nth - 1]?.result === keep;
  return calls.some(({ isInjected }) => isInjected);
}

/** Has a traced process write the log. */
export function runWriter(
  folder: string,
  orders: WriterOrders,
  options: Omit<TraceOptions, 'output'>,
): Promise<TracedRun> {
  return traceNode([WRITER, JSON.stringify(orders)], { output: `${folder}.trace`, ...options });
}

function foldersIn(folder: string): { log: string; state: string } {
  return { log: join(folder, 'log'), state: join(folder, 'state') };
}

function ordersIn(folder: string, { batches }: Scenario): WriterOrders {
  return { ...foldersIn(folder), batches };
}
