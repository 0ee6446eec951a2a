import { DAY_MS } from '@phalanx/core';
import { drawLength, type LengthHistogram } from './arrival-clock.js';
import { type ClientProfile, clientAt, drawClientProfile } from './client-profile.js';
import { RowFlag } from './exchange-columns.js';
import { addressAt, type NetworkProfile } from './network-pool.js';
import type { Random } from './random.js';
import { type TicketForm, writeTicket } from './ticket-form.js';
import { LITERAL_CELL, type WorldBuilder } from './world-builder.js';

/** Share of requests that fail and are sent again unchanged after some seconds, whoever sends them. */
export const ERROR_SHARE = 0.004;

/** How often somebody asks one of their own last eight questions again, by kind of demand. */
export const REASK_SHARES: Readonly<Record<string, number>> = {
  chat_real: 0.03,
  support_q: 0.02,
  search_q: 0.02,
  homework: 0.05,
  redteam: 0.03,
  translation: 0.01,
  templ_pipeline: 0.01,
  pipeline_doc: 0.005,
  eval_harness: 0.01,
  persona_prompt: 0.02,
  curated_q: 0,
};
const OUTPUT_MEDIANS: Readonly<Record<string, number>> = {
  chat_real: 380,
  support_q: 160,
  search_q: 300,
  homework: 420,
  redteam: 180,
  translation: 90,
  templ_pipeline: 60,
  pipeline_doc: 40,
  eval_harness: 120,
  persona_prompt: 500,
  instr_synth: 330,
  code_synth: 450,
  reasoning: 420,
  judge: 260,
  tool: 220,
  rewrite_batch: 350,
};
const CONVERSATIONAL = new Set(['chat_real', 'homework', 'redteam', 'persona_prompt']);

/** A taste for one source: a probability for each of its style cells. */
export interface Taste {
  readonly source: number;
  readonly cumulative: Float64Array;
}

/** The source's own mixture of styles, as a collector of the whole source shows it. */
export function tasteOfSource(builder: WorldBuilder, source: number): Taste {
  return accumulate(
    source,
    Float64Array.from(builder.sources[source]!.cells, (cell) => cell.length),
  );
}

/**
 * One person's taste: Dirichlet around the source's mixture, concentration 0.7 (30 % of people), 9 (50 %) or 20 (20 %),
 * as fitted on users of public chat logs.
 */
export function drawTaste(builder: WorldBuilder, source: number, random: Random): Taste {
  const { cells, size } = builder.sources[source]!;
  const concentration = [0.7, 9, 20][random.weighted([0.3, 0.5, 0.2])]!;
  return accumulate(
    source,
    random.dirichlet(
      Float64Array.from(cells, (cell) => cell.length / size),
      concentration,
    ),
  );
}

function accumulate(source: number, weights: Float64Array): Taste {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) weights[i] = sum += weights[i]!;
  return { source, cumulative: weights };
}

function drawCell({ cumulative }: Taste, random: Random): number {
  const u = random.uniform() * cumulative[cumulative.length - 1]!;
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Somebody who asks: taste, wording and request settings. Carries the memory of what was asked last. */
export interface Persona {
  readonly tastes: readonly Taste[];
  readonly tasteWeights: readonly number[];
  /** Dress numbers, one chosen at random for each new prompt. */
  readonly dresses: readonly number[];
  /** Form that gives every request a number of its own and takes the place of a dress, or null. */
  readonly ticket: TicketForm | null;
  readonly reaskShare: number;
  /** Each prompt is sent this often in a row. */
  readonly samples: number;
  readonly system: number;
  readonly parameters: number;
  readonly tools: number;
  /** Model before and from `switchDay` on. */
  readonly models: readonly [number, number];
  readonly switchDay: number;
  readonly meanTurns: number;
  readonly outputMedian: number;
  readonly outputTokens: LengthHistogram | null;
  readonly streamed: boolean;
  /** First end-user number and how many, or 0 and 0 when the caller names none. */
  readonly endUser: number;
  readonly endUsers: number;
  /** source, cell, prompt, dress of the last eight prompts, and of the prompt being sampled. */
  readonly memory: Asked[];
  left: number;
}

export interface Asked {
  readonly source: number;
  readonly cell: number;
  readonly prompt: number;
  readonly dress: number;
}

/** Fills in the defaults of a persona from the kind of its first taste. */
export function makePersona(
  builder: WorldBuilder,
  tastes: readonly Taste[],
  settings: Partial<Omit<Persona, 'tastes' | 'memory' | 'left'>> = {},
): Persona {
  const kind = builder.sources[tastes[0]!.source]!.kind;
  return {
    tastes,
    tasteWeights: tastes.map(() => 1),
    dresses: [0],
    ticket: null,
    reaskShare: REASK_SHARES[kind] ?? 0.005,
    samples: 1,
    system: 0,
    parameters: 0,
    tools: 0,
    models: [0, 0],
    switchDay: Number.POSITIVE_INFINITY,
    meanTurns: CONVERSATIONAL.has(kind) ? 1.8 : 1,
    outputMedian: OUTPUT_MEDIANS[kind] ?? 250,
    outputTokens: null,
    streamed: CONVERSATIONAL.has(kind),
    endUser: 0,
    endUsers: 0,
    ...settings,
    memory: [],
    left: 0,
  };
}

/** What the persona asks next: a fresh prompt, one of its last eight again, or one more sample of the last. */
export function ask(builder: WorldBuilder, persona: Persona, random: Random): Asked {
  const { memory } = persona;
  if (persona.left > 0) {
    persona.left--;
    return memory[memory.length - 1]!;
  }
  if (memory.length > 0 && random.chance(persona.reaskShare)) return random.choice(memory);
  const taste =
    persona.tastes.length === 1 ? persona.tastes[0]! : persona.tastes[random.weighted(persona.tasteWeights)]!;
  const cell = drawCell(taste, random);
  const asked = {
    source: taste.source,
    cell,
    prompt: builder.drawTicket(taste.source, cell),
    dress: persona.dresses.length === 1 ? persona.dresses[0]! : random.choice(persona.dresses),
  };
  memory.push(asked);
  if (memory.length > 8) memory.shift();
  persona.left = persona.samples - 1;
  return asked;
}

/** A prompt named outright: number `prompt` of the source. */
export function askLiteral(source: number, prompt: number, dress = 0): Asked {
  return { source, cell: LITERAL_CELL, prompt, dress };
}

/** The client side of an account: its installations, the first used mostly, and its network. */
export interface Station {
  readonly profiles: readonly ClientProfile[];
  readonly network: NetworkProfile;
}

/** One installation for 80 % of accounts, two for 17 %, three for 3 %. */
export function drawStation(network: NetworkProfile, random: Random): Station {
  const count = 1 + random.weighted([0.8, 0.17, 0.03]);
  return { profiles: Array.from({ length: count }, () => drawClientProfile(random)), network };
}

/** Sends one request at `atMs` of the world, and sends it again when it fails. `client` and `address` override. */
export function send(
  builder: WorldBuilder,
  account: number,
  atMs: number,
  persona: Persona,
  asked: Asked,
  station: Station,
  random: Random,
  flags = 0,
): void {
  const day = atMs / DAY_MS;
  const profile =
    station.profiles.length === 1 || random.chance(0.85)
      ? station.profiles[0]!
      : random.choice(station.profiles);
  const row = {
    account,
    offsetMs: atMs,
    ...asked,
    dress:
      persona.ticket === null
        ? asked.dress
        : builder.internDress(writeTicket(persona.ticket, builder.startMs + atMs, random)),
    client: clientAt(profile, day, builder.clients),
    address: addressAt(station.network, day),
    endUser: persona.endUsers === 0 ? 0 : persona.endUser + random.integer(0, persona.endUsers - 1),
    system: persona.system,
    parameters: persona.parameters,
    tools: persona.tools,
    model: persona.models[day >= persona.switchDay ? 1 : 0],
    turns: Math.min(60, random.geometric(persona.meanTurns)),
    flags: flags | (persona.streamed ? RowFlag.STREAMED : 0),
    outputTokens: Math.max(
      1,
      Math.round(
        persona.outputTokens === null
          ? persona.outputMedian * Math.exp(0.8 * random.normal())
          : drawLength(persona.outputTokens, random),
      ),
    ),
  };
  if (random.chance(ERROR_SHARE)) {
    builder.push({ ...row, flags: row.flags | RowFlag.ERROR, outputTokens: 0 });
    row.offsetMs = Math.min(builder.spanMs - 1, atMs + random.integer(1000, 20_000));
  }
  builder.push(row);
}
