import { keyOfTrace, type Trace, type TraceHits } from '@phalanx/coalition/trust';
import type { Random } from '@phalanx/stats';
import type { PoisoningOptions } from './game-options.js';

/** One thing that indicators may name, and whom it hits at which lab from which day on. */
export interface WorldTrace {
  readonly trace: Trace;
  readonly isTrue: boolean;
  readonly hits: ReadonlyMap<number, { readonly fromDay: number; readonly hits: TraceHits }>;
}

/** A lab's word in the game. */
export interface Statement {
  readonly lab: number;
  readonly day: number;
  readonly id: string;
  /** Number of the campaign; null for what is none. */
  readonly campaign: number | null;
  readonly traces: readonly WorldTrace[];
}

/** What happens at the labs, whatever the malicious do. */
export interface World {
  /** Everything that labs tell when all are honest, in order. */
  readonly statements: readonly Statement[];
  readonly suspected: readonly number[];
  readonly good: readonly number[];
  readonly accounts: readonly number[];
}

const PARAMS = 'ab'.repeat(32);
const NONE: readonly string[] = [];

/**
 * Draws campaigns that share prompts and address blocks among two to six labs, each lab's own example of a template, blocks that honest tenants
 * share, labs that are late, labs that are not sure, and mistakes.
 */
export function drawWorld(options: PoisoningOptions, random: Random): World {
  const { labs, campaigns, tenants, goodShare, falseSuspicion } = options;
  const good = Array.from({ length: labs }, () => Math.round(tenants * goodShare));
  const suspected = good.map((count) => Math.round((tenants - count) * falseSuspicion));
  const accounts = good.map(() => tenants);
  const statements: Statement[] = [];
  for (let campaign = 0; campaign < campaigns; campaign++) {
    const from = random.integer(Math.max(1, options.days - 20));
    const victims = shuffle(labs, random).slice(0, 2 + random.integer(5));
    const sizes = new Map(victims.map((lab) => [lab, 12 + random.integer(70)]));
    const suspects = new Map(
      victims.map((lab) => [
        lab,
        random.uniform() < options.suspicion ? binomial(sizes.get(lab)!, 0.85, random) : 0,
      ]),
    );
    for (const lab of victims) {
      accounts[lab]! += sizes.get(lab)!;
      suspected[lab]! += suspects.get(lab)!;
    }
    const fromDay = new Map(victims.map((lab) => [lab, from + random.integer(6)]));
    const templates = Array.from({ length: 1 + random.integer(3) }, () => drawLanes(random));
    const block = drawBlock(random);
    const sharers = random.uniform() < 0.1 ? 1 + random.integer(3) : 0;
    for (const lab of victims) {
      if (suspects.get(lab) === 0 || random.uniform() >= options.detection) continue;
      const hitsOf = (share: number, honest: number) =>
        new Map(
          victims.map((victim) => [
            victim,
            {
              fromDay: fromDay.get(victim)!,
              hits: mixHits(sizes.get(victim)!, suspects.get(victim)!, share, honest, goodShare, random),
            },
          ]),
        );
      const traces = templates.map(
        (lanes): WorldTrace => ({
          trace: fingerprint(redraw(lanes, 0.1, random)),
          isTrue: true,
          hits: hitsOf(0.9, 0),
        }),
      );
      traces.push({ trace: block, isTrue: true, hits: hitsOf(0.6, sharers) });
      const late = lab === 0 ? 4 : 0;
      statements.push({
        lab,
        day: fromDay.get(lab)! + 1 + late + random.uniform() * 5,
        id: `${campaign}-${lab}`,
        campaign,
        traces,
      });
    }
  }
  const mistakes = Math.round((statements.length * options.mistakes) / (1 - options.mistakes));
  for (let i = 0; i < mistakes; i++) {
    const isShared = random.uniform() < 0.5;
    const hits = new Map(
      (isShared ? shuffle(labs, random) : [random.integer(labs)]).map((lab) => [
        lab,
        { fromDay: 0, hits: drawHonest(1 + random.integer(isShared ? 60 : 3), options, random) },
      ]),
    );
    const trace = random.uniform() < 0.5 ? fingerprint(drawLanes(random)) : drawBlock(random);
    statements.push({
      lab: random.integer(labs),
      day: random.uniform() * options.days,
      id: `mistake-${i}`,
      campaign: null,
      traces: [{ trace, isTrue: false, hits }],
    });
  }
  return { statements: statements.sort((a, b) => a.day - b.day), suspected, good, accounts };
}

/** A false trace on honest tenants of one of the first `victims` labs. `aimed`: only on tenants whom that lab wrongly suspects. */
export function drawPoison(
  options: PoisoningOptions,
  victims: number,
  aimed: boolean,
  random: Random,
): WorldTrace {
  const lab = random.integer(victims);
  const count = aimed ? 5 + random.integer(8) : random.uniform() < 0.8 ? 1 : 2 + random.integer(20);
  const hits: TraceHits = aimed
    ? { accounts: count, good: 0, suspected: count, findings: NONE }
    : drawHonest(count, options, random);
  const trace = random.uniform() < 0.7 ? fingerprint(drawLanes(random)) : drawBlock(random);
  return { trace, isTrue: false, hits: new Map([[lab, { fromDay: 0, hits }]]) };
}

/** A value that nobody has seen. */
export function drawCanary(random: Random): WorldTrace {
  return { trace: fingerprint(drawLanes(random)), isTrue: false, hits: new Map() };
}

/** What a lab finds of a trace on a day. */
export function lookUp({ hits }: WorldTrace, lab: number, day: number): TraceHits {
  const found = hits.get(lab);
  return found !== undefined && found.fromDay <= day
    ? found.hits
    : { accounts: 0, good: 0, suspected: 0, findings: NONE };
}

export function nameOf({ trace }: WorldTrace): string {
  return keyOfTrace(trace);
}

function mixHits(
  size: number,
  suspects: number,
  share: number,
  sharers: number,
  goodShare: number,
  random: Random,
): TraceHits {
  const suspected = binomial(suspects, share, random);
  const good = binomial(sharers, goodShare, random);
  return {
    accounts: suspected + binomial(size - suspects, share, random) + sharers,
    good,
    suspected,
    findings: NONE,
  };
}

function drawHonest(
  count: number,
  { goodShare, falseSuspicion }: PoisoningOptions,
  random: Random,
): TraceHits {
  const good = binomial(count, goodShare, random);
  return { accounts: count, good, suspected: binomial(count - good, falseSuspicion, random), findings: NONE };
}

function fingerprint(lanes: Uint8Array): Trace {
  return { kind: 'prompt-fingerprint', paramsDigest: PARAMS, lanes };
}

function drawLanes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 64 }, () => random.integer(256));
}

function redraw(lanes: Uint8Array, share: number, random: Random): Uint8Array {
  return lanes.map((lane) => (random.uniform() < share ? random.integer(256) : lane));
}

function drawBlock(random: Random): Trace {
  const third = BigInt(random.integer(65_536)) << 8n;
  return {
    kind: 'address-range',
    range: { bits: 32, prefix: 24, base: (BigInt(20 + random.integer(60)) << 24n) | third },
  };
}

function shuffle(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

function binomial(count: number, share: number, random: Random): number {
  let hits = 0;
  for (let i = 0; i < count; i++) if (random.uniform() < share) hits++;
  return hits;
}
