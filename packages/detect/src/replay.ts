import type { AccountActivity, ExchangeSample, TelemetryReader, TimeWindow } from '@phalanx/domain';
import { LateStartEProcess } from '@phalanx/stats';
import { ComponentCounter } from './coordination/component-counts.js';
import { stepComponentEvenness } from './coordination/component-evenness.js';
import { stepEvenMixture } from './coordination/even-mixture-test.js';
import { TurnTakingWatch } from './coordination/turn-taking-watch.js';
import { chooseComponents } from './demand/component-choice.js';
import { DemandProcess } from './demand/demand-process.js';
import { Reference } from './demand/reference.js';
import { setAsideReason } from './gates.js';
import { MemoryScore } from './links/memoryless.js';
import type { Proposal } from './links/proposal.js';
import { isSameGroup, propose } from './links/propose.js';
import type { DetectOptions } from './options.js';
import { type Pool, poolEvidence } from './pool.js';
import { Population } from './population/population.js';
import { addCounts, columnTotals, emptyCounts, type SparseCounts } from './population/sparse-counts.js';

/** Everything a replay learned; findings are drawn from it. */
export interface Replay {
  readonly population: Population;
  readonly window: TimeWindow;
  readonly pools: readonly Pool[];
  readonly slotEnds: readonly number[];
  readonly references: ReadonlyMap<number, Reference>;
}

const PATIENCE_DAYS = 2;
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
    const open = pools.filter((pool) => !pool.setAside && !isHopeless(pool, options.dayMs));
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
        if (
          pools.some(
            (p) =>
              isHopeless(p, options.dayMs) && p.proposedAtMs > recent && isSameGroup(p.proposal, proposal),
          )
        )
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
  evenMixture?.add(stepEvenMixture(members, view.history, view.matrix, view.mix));
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
