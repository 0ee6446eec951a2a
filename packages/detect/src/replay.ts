import { type ExchangeSample, signatureOf, type TelemetryReader, type TimeWindow } from '@phalanx/domain';
import { LateStartEProcess } from '@phalanx/stats';
import { ComponentCounter } from './coordination/component-counts.js';
import { stepComponentEvenness } from './coordination/component-evenness.js';
import { stepEvenMixture } from './coordination/even-mixture-test.js';
import { askTurns, stepWatchedTurns } from './coordination/turn-taking-watch.js';
import { chooseComponents } from './demand/component-choice.js';
import { DemandProcess } from './demand/demand-process.js';
import { Reference } from './demand/reference.js';
import { setAsideReason } from './gates.js';
import { MemoryScore } from './links/memoryless.js';
import type { Proposal } from './links/proposal.js';
import { isSameGroup, propose } from './links/propose.js';
import type { DetectOptions } from './options.js';
import { type ComponentUnderTest, isStrong, type Pool, poolEvidence } from './pool.js';
import { Population } from './population/population.js';
import {
  addCounts,
  columnTotals,
  emptyCounts,
  rowTotals,
  type SparseCounts,
} from './population/sparse-counts.js';
import { ArrivalTimes, type Group, Traffic } from './population/traffic.js';

/** Everything a replay learned; findings are drawn from it. */
export interface Replay {
  readonly population: Population;
  readonly window: TimeWindow;
  readonly pools: readonly Pool[];
  readonly slotEnds: readonly number[];
}

const PATIENCE_DAYS = 2;
/** A group that showed nothing is not tried again for so long; later it may have come under one hand. */
const REST_DAYS = 3;
const SHOWN = Math.log(1e6);
/** Two groups with this much of either in common are one and the same. */
const NOTHING_NEW = 0.97;
/** Rows that say what ordinary traffic looks like, and rows of a pool's past from which its components are chosen. */
const PAST_ROWS = 30_000;

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
  let history = emptyCounts(population.size, 0);
  let beforeLastDay = history;
  let lastDay = history;
  const memory = new MemoryScore(population.size);

  for (const [s, slot] of slots.entries()) {
    options.onProgress?.(s, slots.length, `slot ${s + 1} of ${slots.length}, ${pools.length} pools`);
    const open = pools.filter((pool) => !pool.setAside && !isHopeless(pool, options.dayMs));
    for (const pool of pools)
      if (!open.includes(pool)) for (const { demand } of pool.components) demand.forget();
    if (isProposalTime((slot.fromMs - window.fromMs) / options.dayMs)) {
      const past = { fromMs: window.fromMs, toMs: slot.fromMs };
      const proposals = (
        await propose(
          reader,
          past,
          population,
          { history, beforeLastDay, lastDay, memory },
          pools.filter(isBlend).map((pool) => pool.proposal),
          pools.filter(isShown).map((pool) => pool.proposal),
          options,
        )
      ).filter(
        (proposal) =>
          !isResting(proposal, pools, slot.fromMs, options.dayMs) && !isWatched(proposal, pools, past),
      );
      const opened = await openPools(reader, past, population, proposals, history, pools.length, options);
      pools.push(...opened);
      open.push(...opened.filter((pool) => !pool.setAside));
    }
    const matrix = population.shapeMatrix(await reader.shapeCounts(slot));
    history = { ...history, columns: matrix.columns };
    const mix = populationMix(history, matrix.columns);
    if (open.length > 0) await stepPools(reader, slot, population, open, { history, matrix, mix, options });
    if (slot.fromMs >= window.fromMs + options.dayMs) {
      memory.addDay(history, matrix, mix);
      beforeLastDay = history;
      lastDay = matrix;
    }
    history = addCounts(history, matrix);
  }
  options.onProgress?.(slots.length, slots.length, `${pools.length} pools`);
  return { population, window, pools, slotEnds: slots.map((slot) => slot.toMs) };
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

/** A pool whose coordination, of any kind, is beyond doubt. */
function isShown({ trace, proposal }: Pool): boolean {
  const last = trace.at(-1);
  return last !== undefined && last.logCoordination > SHOWN && isStrong(last, proposal);
}

/** Two days without evidence of coordination: not worth reading more; the e-process stays where it is, which is valid. */
function isHopeless(pool: Pool, dayMs: number): boolean {
  const last = pool.trace.at(-1);
  return (
    last !== undefined && last.atMs >= pool.proposedAtMs + PATIENCE_DAYS * dayMs && last.logCoordination < 0
  );
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

/** Whether this group was watched lately and showed nothing. */
function isResting(proposal: Proposal, pools: readonly Pool[], nowMs: number, dayMs: number): boolean {
  return pools.some(
    (pool) =>
      pool.proposedAtMs > nowMs - REST_DAYS * dayMs &&
      isHopeless(pool, dayMs) &&
      isSameGroup(pool.proposal, proposal),
  );
}

/**
 * Whether this very group is watched and shown already, by a pool whose components were chosen when at least half of today's
 * past was known. Of a group that stays what it is, few pools are opened then, each twice as informed as the one before.
 */
function isWatched(proposal: Proposal, pools: readonly Pool[], past: TimeWindow): boolean {
  const halfway = (past.fromMs + past.toMs) / 2;
  return pools.some(
    (pool) =>
      pool.proposedAtMs >= halfway && isShown(pool) && isSameGroup(pool.proposal, proposal, NOTHING_NEW),
  );
}

/** Chooses what to watch of each proposal, from one reading of the past. */
async function openPools(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
  proposals: readonly Proposal[],
  history: SparseCounts,
  firstNumber: number,
  options: DetectOptions,
): Promise<Pool[]> {
  if (proposals.length === 0) return [];
  const exchanges = rowTotals(history);
  const everybody = exchanges.reduce((sum, n) => sum + n, 0);
  const share = Math.min(1, PAST_ROWS / everybody);
  const reference = new Reference(await reader.sampleExchanges({ ...past, draws: [{ share }] }));
  const traffic = await Traffic.read(reader, past, population, proposals, exchanges, PAST_ROWS);
  return proposals.map((proposal, i) => {
    const sample = traffic.of(proposal);
    return openPool(past, population, proposal, sample, reference, firstNumber + i, options);
  });
}

function openPool(
  past: TimeWindow,
  population: Population,
  proposal: Proposal,
  sample: ExchangeSample,
  reference: Reference,
  number: number,
  options: DetectOptions,
): Pool {
  const memberHashes = population.hashes(proposal.members);
  const memberSet = new Set(memberHashes);
  const chosen = chooseComponents(sample, reference, memberSet, options.families);
  return {
    number,
    proposal,
    proposedAtMs: past.toMs,
    memberHashes,
    memberSet,
    reference,
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
    setAside: setAsideReason(population, proposal, sample),
    trace: [],
  };
}

interface SlotView {
  readonly history: SparseCounts;
  readonly matrix: SparseCounts;
  readonly mix: Float64Array;
  readonly options: DetectOptions;
}

/** Adds a slot's evidence to every open pool, from two readings of the slot. */
async function stepPools(
  reader: TelemetryReader,
  slot: TimeWindow,
  population: Population,
  open: readonly Pool[],
  { history, matrix, mix, options }: SlotView,
): Promise<void> {
  const exchanges = rowTotals(matrix);
  const groups = new Map(
    open.filter((pool) => pool.components.length > 0).map((pool) => [pool, groupOf(pool)]),
  );
  const traffic = await Traffic.read(
    reader,
    slot,
    population,
    [...groups.values()],
    exchanges,
    options.sampleRows,
  );
  const turns = open.map((pool) =>
    pool.coordination.turnTaking ? askTurns(pool.proposal.members, exchanges) : null,
  );
  const watched = turns.flatMap((asked) => (asked ? [asked.members, ...asked.others] : []));
  const arrivals = await ArrivalTimes.read(reader, slot, population, watched);
  for (const [i, pool] of open.entries()) {
    const { members } = pool.proposal;
    const { evenMixture, turnTaking } = pool.coordination;
    evenMixture?.add(stepEvenMixture(members, history, matrix, mix));
    turnTaking?.add(turns[i] ? stepWatchedTurns(turns[i], arrivals) : 0);
    const group = groups.get(pool);
    if (group) {
      const sample = traffic.of(group);
      const close = traffic.closeOf(group);
      for (const component of pool.components) {
        component.evenness.add(stepComponentEvenness(component.counter.step(sample)));
        component.demand.add(listSignature(component) === null ? sample : close);
      }
    }
    pool.trace.push({ atMs: slot.toMs, exchanges: sumOver(exchanges, members), ...poolEvidence(pool) });
  }
}

/** Signatures that may be a list's are a small part of a large pool, of which a sample shows little; each of their prompts is evidence. */
function groupOf({ proposal, components }: Pool): Group {
  const lists = components.flatMap((component) => {
    const signature = listSignature(component);
    return signature === null ? [] : [{ signature, share: component.chosen.share }];
  });
  return {
    members: proposal.members,
    closely: {
      signatures: lists.map(({ signature }) => signature),
      share: lists.reduce((sum, { share }) => sum + share, 0),
    },
  };
}

/** The signature of a component that may be a list's, or null. */
function listSignature({ chosen: { component, promising } }: ComponentUnderTest): bigint | null {
  return promising && component.kind === 'signature'
    ? signatureOf(component.parameters, component.systemHash)
    : null;
}

function sumOver(exchanges: Float64Array, members: Int32Array): number {
  return members.reduce((sum, account) => sum + exchanges[account]!, 0);
}

function populationMix(history: SparseCounts, columns: number): Float64Array {
  const totals = columnTotals(history);
  const out = new Float64Array(columns);
  let sum = 0;
  for (let c = 0; c < columns; c++) sum += out[c] = totals[c]! + 0.5;
  for (let c = 0; c < columns; c++) out[c]! /= sum;
  return out;
}
