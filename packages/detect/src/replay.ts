import type {
  AccountActivity,
  ExchangeSample,
  ObjectKind,
  TelemetryReader,
  TimeWindow,
} from '@phalanx/domain';
import { LateStartEProcess } from '@phalanx/stats';
import { ComponentCounter } from './coordination/component-counts.js';
import { stepComponentEvenness } from './coordination/component-evenness.js';
import { stepEvenMixture } from './coordination/even-mixture-test.js';
import { TurnTakingWatch } from './coordination/turn-taking-watch.js';
import { chooseComponents } from './demand/component-choice.js';
import { DemandProcess } from './demand/demand-process.js';
import { Reference } from './demand/reference.js';
import { setAsideReason } from './gates.js';
import { proposeEvenMixtures } from './links/even-mixture.js';
import { identityObjects } from './links/identity-objects.js';
import { MemoryScore, proposeMemoryless } from './links/memoryless.js';
import { POPULAR_SHARE, proposeObjectCommunities, type SharedObjects } from './links/object-communities.js';
import { type Proposal, shareInside } from './links/proposal.js';
import { proposeSharedSignatures } from './links/shared-signature.js';
import { splitByMixture } from './links/split-by-mixture.js';
import type { DetectOptions } from './options.js';
import { type Pool, poolEvidence } from './pool.js';
import { Population } from './population/population.js';
import {
  addCounts,
  columnTotals,
  emptyCounts,
  fromTriplets,
  rowTotals,
  type SparseCounts,
} from './population/sparse-counts.js';

/** Everything a replay learned; findings are drawn from it. */
export interface Replay {
  readonly population: Population;
  readonly window: TimeWindow;
  readonly pools: readonly Pool[];
  readonly slotEnds: readonly number[];
  readonly references: ReadonlyMap<number, Reference>;
}

const INFRASTRUCTURE: readonly ObjectKind[] = ['network'];
/** Two proposals with this much of the smaller in common are one; the larger is kept. */
const SAME_POOL = 0.8;
const HOPELESS_SLOTS = 4;
/** A group that showed nothing is not tried again for so long; later it may have come under one hand. */
const REST_DAYS = 3;
const SHOWN = Math.log(1e6);

/**
 * Walks through a window slot by slot as if it were happening: proposes pools from what is past, then tests them on what
 * comes next. Nothing in a slot ever helps to choose what is tested on it.
 */
export async function replay(
  reader: TelemetryReader,
  window: TimeWindow,
  options: DetectOptions,
): Promise<Replay> {
  const population = await Population.load(reader, window);
  const slots = slotsOf(window, options.dayMs);
  const pools: Pool[] = [];
  const references = new Map<number, Reference>();
  let history = emptyCounts(population.size, 0);
  let beforeLastDay = history;
  let lastDay = history;
  const memory = new MemoryScore(population.size);

  for (const [s, slot] of slots.entries()) {
    options.onProgress?.(s, slots.length, `slot ${s + 1} of ${slots.length}, ${pools.length} pools`);
    const open = pools.filter((pool) => !pool.setAside && !isHopeless(pool));
    if (isProposalTime((slot.fromMs - window.fromMs) / options.dayMs)) {
      const past = { fromMs: window.fromMs, toMs: slot.fromMs };
      const reference = new Reference(await reader.sampleExchanges({ ...past, limit: options.sampleRows }));
      for (const proposal of await propose(
        reader,
        past,
        population,
        { history, beforeLastDay, lastDay, memory },
        pools.filter(isBlend).map((pool) => pool.proposal),
        options,
      )) {
        const recent = slot.fromMs - REST_DAYS * options.dayMs;
        if (pools.some((p) => isHopeless(p) && p.proposedAtMs > recent && isSameGroup(p.proposal, proposal)))
          continue;
        const pool = await openPool(reader, past, population, proposal, reference, pools.length, options);
        pools.push(pool);
        if (!pool.setAside) open.push(pool);
        references.set(pool.number, reference);
      }
    }
    const matrix = population.shapeMatrix(await reader.shapeCounts(slot));
    history = { ...history, columns: matrix.columns };
    const mix = populationMix(history, matrix.columns);
    if (open.length > 0) {
      const activity = await reader.accountActivity(slot);
      for (const pool of open)
        await stepPool(reader, slot, pool, { history, matrix, mix, activity, options });
    }
    if (slot.fromMs >= window.fromMs + options.dayMs) {
      memory.addDay(history, matrix, mix);
      beforeLastDay = history;
      lastDay = matrix;
    }
    history = addCounts(history, matrix);
  }
  options.onProgress?.(slots.length, slots.length, `${pools.length} pools`);
  return { population, window, pools, slotEnds: slots.map((slot) => slot.toMs), references };
}

/** After a quarter, half and whole first day, then daily for a week, then at days 8, 11, 14, 19, 25, ... growing by 30 %. */
function isProposalTime(days: number): boolean {
  if (days <= 7) return days === 0.25 || days === 0.5 || (days >= 1 && Number.isInteger(days));
  for (let day = 8; day <= days; day = Math.ceil(1.3 * day)) if (day === days) return true;
  return false;
}

/** A pool whose accounts were shown to draw from one mixture. */
function isBlend(pool: Pool): boolean {
  return (pool.coordination.evenMixture?.logE ?? 0) > SHOWN;
}

/** Four slots without evidence of coordination: not worth reading more; the e-process stays where it is, which is valid. */
function isHopeless(pool: Pool): boolean {
  return pool.trace.length >= HOPELESS_SLOTS && pool.trace.at(-1)!.logCoordination < 0;
}

/** Quarters during the first day, whole days after it. */
function slotsOf(window: TimeWindow, dayMs: number): TimeWindow[] {
  const slots: TimeWindow[] = [];
  for (let from = window.fromMs; from < window.toMs; ) {
    const to = Math.min(from + (from < window.fromMs + dayMs ? dayMs / 4 : dayMs), window.toMs);
    slots.push({ fromMs: from, toMs: to });
    from = to;
  }
  return slots;
}

/** What the content links look at: everything up to the proposal, and the last whole day apart. */
interface Seen {
  readonly history: SparseCounts;
  readonly beforeLastDay: SparseCounts;
  readonly lastDay: SparseCounts;
  readonly memory: MemoryScore;
}

async function propose(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
  seen: Seen,
  known: readonly Proposal[],
  options: DetectOptions,
): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  const bounds = { minAccounts: 2, maxAccounts: Math.max(20, Math.floor(POPULAR_SHARE * population.size)) };
  const objects = async (kinds: readonly ObjectKind[]): Promise<SharedObjects[]> => {
    const out: SharedObjects[] = [];
    for (const kind of kinds) out.push({ kind, touched: await reader.sharedObjects(past, kind, bounds) });
    return out;
  };
  const { minAccounts } = options;
  if (population.size < minAccounts) return [];
  const { history } = seen;
  const dealt: Proposal[] = [];
  if (options.families.metadata) {
    const identity = [...identityObjects(population), ...(await objects(INFRASTRUCTURE))];
    proposals.push(...proposeObjectCommunities(population, identity, minAccounts, 'shared infrastructure'));
  }
  if (options.families.content) {
    dealt.push(
      ...proposeEvenMixtures(history, { minAccounts, minExchanges: 10, maxGroups: 8 }),
      ...proposeMemoryless(seen.memory, seen.beforeLastDay, seen.lastDay, minAccounts),
    );
  }
  for (const proposal of dealt) {
    const byClients = options.families.metadata
      ? await splitByClients(reader, past, population, proposal, options)
      : [proposal];
    for (const part of byClients)
      proposals.push(...splitProposal(part, seen.beforeLastDay, seen.lastDay, minAccounts));
  }
  if (options.families.metadata) {
    const blends = [...dealt, ...known];
    const signatures = await reader.sharedObjects(past, 'signature', {
      minAccounts,
      maxAccounts: population.size,
    });
    const totals = rowTotals(history);
    proposals.push(...proposeSharedSignatures(population, signatures, totals, blends, minAccounts));
  }
  proposals.sort((a, b) => b.members.length - a.members.length);
  return proposals
    .map((p) => withoutDeclared(p, population))
    .filter((p) => p.members.length >= minAccounts)
    .filter((p, i, all) => !all.slice(0, i).some((q) => isSameGroup(p, q)));
}

/** Declared accounts may act as one; they are nobody's hidden members. */
function withoutDeclared(proposal: Proposal, population: Population): Proposal {
  const keep = (_: number, m: number) => population.declaration[proposal.members[m]!] === '';
  return { ...proposal, members: proposal.members.filter(keep), strength: proposal.strength.filter(keep) };
}

function isSameGroup({ members: a }: Proposal, { members: b }: Proposal): boolean {
  return shareInside(a, b) >= SAME_POOL && shareInside(b, a) >= SAME_POOL;
}

/** Two relays that mix the same kinds of customers differ in whose clients they serve: splits a blend by parameters. */
async function splitByClients(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
  proposal: Proposal,
  options: DetectOptions,
): Promise<Proposal[]> {
  const middle = (past.fromMs + past.toMs) / 2;
  const columns = new Map<bigint, number>();
  const matrix = async (window: TimeWindow): Promise<SparseCounts> => {
    const { account, key, count } = await reader.sharedObjects(window, 'parameters', {
      minAccounts: 1,
      maxAccounts: population.size,
    });
    const column = Int32Array.from(key, (hash) => {
      let c = columns.get(hash);
      if (c === undefined) columns.set(hash, (c = columns.size));
      return c;
    });
    return fromTriplets(
      population.size,
      columns.size,
      Int32Array.from(account, (a) => population.indexOf(a) ?? 0),
      column,
      count,
    );
  };
  // The later half first, so that the earlier half, which is fitted, knows every column.
  const later = await matrix({ fromMs: middle, toMs: past.toMs });
  const earlier = await matrix({ fromMs: past.fromMs, toMs: middle });
  return splitProposal(
    proposal,
    { ...earlier, columns: columns.size },
    { ...later, columns: columns.size },
    options.minAccounts,
  );
}

function splitProposal(
  proposal: Proposal,
  earlier: SparseCounts,
  later: SparseCounts,
  minAccounts: number,
): Proposal[] {
  const parts = splitByMixture(proposal.members, earlier, later, minAccounts);
  if (parts.length === 1) return [proposal];
  const strength = new Map(Array.from(proposal.members, (a, m) => [a, proposal.strength[m]!]));
  return parts.map((members) => ({
    ...proposal,
    members: members.slice().sort(),
    strength: Float64Array.from(members.slice().sort(), (a) => strength.get(a)!),
  }));
}

async function openPool(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
  proposal: Proposal,
  reference: Reference,
  number: number,
  options: DetectOptions,
): Promise<Pool> {
  const memberHashes = population.hashes(proposal.members);
  const memberSet = new Set(memberHashes);
  const sample = await reader.sampleExchanges({ ...past, accounts: memberHashes, limit: options.sampleRows });
  const chosen = chooseComponents(sample, reference, memberSet, options.families);
  return {
    number,
    proposal,
    proposedAtMs: past.toMs,
    memberHashes,
    memberSet,
    components: chosen.map((c) => ({
      chosen: c,
      demand: new DemandProcess(c, sample),
      counter: new ComponentCounter(c.component, memberHashes, sample),
      evenness: new LateStartEProcess(),
    })),
    coordination: {
      evenMixture: options.families.content ? new LateStartEProcess() : null,
      turnTaking: options.families.metadata ? new LateStartEProcess() : null,
    },
    turns: new TurnTakingWatch(population, proposal.members),
    setAside: setAsideReason(population, proposal, sample),
    trace: [],
  };
}

interface SlotView {
  readonly history: SparseCounts;
  readonly matrix: SparseCounts;
  readonly mix: Float64Array;
  readonly activity: AccountActivity;
  readonly options: DetectOptions;
}

async function stepPool(
  reader: TelemetryReader,
  slot: TimeWindow,
  pool: Pool,
  view: SlotView,
): Promise<void> {
  const { members } = pool.proposal;
  const { evenMixture, turnTaking } = pool.coordination;
  evenMixture?.add(stepEvenMixture(members, view.history, view.matrix, view.mix).logE);
  turnTaking?.add(await pool.turns.step(reader, slot, view.activity));
  if (pool.components.length) {
    const sample: ExchangeSample = await reader.sampleExchanges({
      ...slot,
      accounts: pool.memberHashes,
      limit: view.options.sampleRows,
    });
    for (const component of pool.components) {
      component.evenness.add(stepComponentEvenness(component.counter.step(sample)));
      component.demand.add(sample);
    }
  }
  pool.trace.push({ atMs: slot.toMs, exchanges: countRows(view.matrix, members), ...poolEvidence(pool) });
}

function countRows(matrix: SparseCounts, members: Int32Array): number {
  let sum = 0;
  for (const a of members)
    for (let i = matrix.start[a]!; i < matrix.start[a + 1]!; i++) sum += matrix.count[i]!;
  return sum;
}

function populationMix(history: SparseCounts, columns: number): Float64Array {
  const totals = columnTotals(history);
  const out = new Float64Array(columns);
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += out[c] = totals[c]! + 0.5;
  for (let c = 0; c < columns; c++) out[c]! /= sum;
  return out;
}
