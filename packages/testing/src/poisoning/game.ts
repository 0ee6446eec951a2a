import { createHash } from 'node:crypto';
import {
  assessTraces,
  type Claim,
  keyOfTrace,
  type Outcome,
  type StatedOpinion,
  type TraceHits,
  type TrustKnowledge,
} from '@phalanx/coalition/trust';
import { DAY_MS } from '@phalanx/core';
import { Random } from '@phalanx/stats';
import type { PoisoningOptions } from './game-options.js';
import {
  drawCanary,
  drawPoison,
  drawWorld,
  lookUp,
  nameOf,
  type Statement,
  type World,
  type WorldTrace,
} from './world.js';

/** What became of one game, over all honest labs. */
export interface PoisoningResult {
  /** Traces planted by the malicious that were enforceable anywhere at any time, each lab counted. */
  readonly enforcedPlanted: number;
  /** Mistakes of honest labs that were. */
  readonly enforcedMistakes: number;
  /** True traces that were. */
  readonly enforcedTrue: number;
  /** Of everything that was enforceable anywhere at any time, what is true. 1 when nothing was. */
  readonly precision: number;
  /** Of true traces that an honest lab told and that a second lab has under own suspicion, what is enforceable there at the end. */
  readonly recall: number;
  /** The same of those that labs enough had told by the end. */
  readonly recallOfTold: number;
  /** Malicious labs that honest labs bar for claiming a canary. */
  readonly barred: number;
  /** Honest labs that some honest lab takes for followers. */
  readonly honestFollowers: number;
}

interface Told extends Statement {
  readonly kind: 'indicator' | 'sighting';
  readonly retractedDay: number;
}

const RULE_DAYS = 10;
/** Canaries that each honest lab shows over the game. */
const CANARIES = 5;

/** Plays one game: a day is a day, labs replay every ten. Deterministic by its seed. */
export function playPoisoning(options: PoisoningOptions): PoisoningResult {
  const random = new Random(options.seed);
  const world = drawWorld(options, random.fork());
  const honest = options.labs - (options.attack === 'honest' ? 0 : options.malicious);
  const canaries = Array.from({ length: honest * CANARIES }, (_, i): Told => {
    const lab = i % honest;
    return {
      lab,
      day: random.uniform() * options.days * 0.6,
      id: `canary-${i}`,
      campaign: null,
      traces: [drawCanary(random)],
      kind: 'indicator',
      retractedDay: Infinity,
    };
  });
  const canaryOf = new Map(canaries.map(({ lab, traces }) => [nameOf(traces[0]!), lab]));
  const honestWords = world.statements
    .filter(({ lab }) => lab < honest)
    .map((statement): Told => ({ ...statement, kind: 'indicator', retractedDay: Infinity }));
  const { told, opinions } = attack(options, world, [...honestWords, ...canaries], honest, random);
  const books = Array.from(
    { length: honest },
    (): Book => ({ outcomes: new Map(), said: new Set(), ever: new Map() }),
  );
  const followers = new Set<number>();
  const barred = new Set<number>();
  let last: readonly ReadonlySet<string>[] = [];
  for (let day = RULE_DAYS; day <= options.days; day += RULE_DAYS) {
    const visible = told.filter((one) => one.day < day && one.retractedDay > day);
    last = books.map((book, lab) => {
      const found = assess(options, world, visible, opinions, canaryOf, book, lab, day);
      for (const name of found.followers)
        if (Number(name.slice(4)) < honest) followers.add(Number(name.slice(4)));
      for (const name of found.barred) barred.add(Number(name.slice(4)));
      // What own evidence bears out is told on the next day.
      for (const one of found.seen)
        told.push({
          lab,
          day: day + 1,
          id: `sighting--${lab}-${nameOf(one)}`,
          campaign: null,
          traces: [one],
          kind: 'sighting',
          retractedDay: Infinity,
        });
      return found.enforceable;
    });
  }
  return sumUp(
    options,
    world,
    books,
    last,
    honest,
    followers.size,
    [...barred].filter((lab) => lab >= honest).length,
  );
}

interface Book {
  readonly outcomes: Map<string, Outcome>;
  /** Traces that this lab has said to have seen. */
  readonly said: Set<string>;
  /** Traces that were enforceable here at any time. */
  readonly ever: Map<string, WorldTrace>;
}

function assess(
  { terms }: PoisoningOptions,
  world: World,
  told: readonly Told[],
  opinions: readonly StatedOpinion[],
  canaryOf: ReadonlyMap<string, number>,
  book: Book,
  lab: number,
  day: number,
) {
  const others = told.filter((one) => one.lab !== lab);
  const named = new Map<string, { one: WorldTrace; indicatorIds: string[] }>();
  for (const { traces, id, kind } of others) {
    if (kind !== 'indicator') continue;
    for (const one of traces) {
      const entry = named.get(nameOf(one)) ?? { one, indicatorIds: [] };
      named.set(nameOf(one), entry);
      entry.indicatorIds.push(id);
    }
  }
  const claims = told.flatMap((statement) =>
    claimsOf(statement).filter(({ traceKey }) => named.has(traceKey)),
  );
  // Each lab convicts by its own canaries alone.
  const barred = new Set(
    claims
      .filter(({ traceKey, member }) => canaryOf.get(traceKey) === lab && member !== memberOf(lab))
      .map(({ member }) => member),
  );
  const knowledge: TrustKnowledge = {
    self: memberOf(lab),
    claims,
    absences: [],
    opinions: opinions.filter(({ atMs, member }) => atMs < day * DAY_MS && member !== memberOf(lab)),
    outcomes: [...book.outcomes.values()],
    traces: [...named.values()].map(({ one, indicatorIds }) => ({ trace: one.trace, indicatorIds })),
    makers: new Map(others.map(({ id, lab: maker }) => [id, memberOf(maker)])),
    warned: new Map(),
    barred,
    overridden: new Set(),
  };
  const replayed = new Map<string, TraceHits>(
    [...named].map(([key, { one }]) => [key, lookUp(one, lab, day)]),
  );
  const population = {
    accounts: world.accounts[lab]!,
    good: world.good[lab]!,
    suspected: world.suspected[lab]!,
  };
  const { verdicts, outcomes, followers } = assessTraces(
    knowledge,
    replayed,
    population,
    terms,
    day * DAY_MS,
  );
  for (const outcome of outcomes)
    book.outcomes.set(`${outcome.member} ${outcome.kind} ${outcome.subject}`, outcome);
  const enforceable = new Set<string>();
  const seen: WorldTrace[] = [];
  for (const { traceKey, failed, isSeenHere } of verdicts.values()) {
    const { one } = named.get(traceKey)!;
    if (failed.length === 0) {
      enforceable.add(traceKey);
      book.ever.set(traceKey, one);
    }
    if (isSeenHere && !book.said.has(traceKey)) {
      book.said.add(traceKey);
      seen.push(one);
    }
  }
  return { enforceable, seen, followers, barred };
}

function attack(
  options: PoisoningOptions,
  world: World,
  honestWords: readonly Told[],
  honest: number,
  random: Random,
): { told: Told[]; opinions: StatedOpinion[] } {
  const { attack: name, days, planted } = options;
  const told: Told[] = [...honestWords];
  const opinions: StatedOpinion[] = [];
  if (name === 'honest') return { told, opinions };
  const bad = Array.from({ length: options.labs - honest }, (_, i) => honest + i);
  const say = (
    lab: number,
    day: number,
    id: string,
    traces: readonly WorldTrace[],
    retractedDay = Infinity,
  ) =>
    told.push({ lab, day, id: `bad-${lab}-${id}`, campaign: null, traces, kind: 'indicator', retractedDay });
  const isAimed = name.includes('aimed');
  const poison = Array.from({ length: planted }, () => drawPoison(options, honest, isAimed, random));
  const betrayalDay = days * 0.6;
  const isPatient = name === 'betrayal' || name === 'betrayal-aimed' || name === 'retracts-support';
  for (const lab of bad) {
    // Until it turns it tells what it sees, as an honest lab does.
    if (isPatient || name === 'censorship')
      for (const { day, id, traces, lab: seer } of world.statements)
        if (seer === lab) say(lab, day, id, traces, name === 'retracts-support' ? betrayalDay : Infinity);
    const plantDay = (i: number) => (isPatient ? betrayalDay : days * 0.3) + (i / planted) * 10;
    if (name !== 'copied-with-poison')
      for (const [i, one] of poison.entries()) say(lab, plantDay(i) + random.uniform(), `poison-${i}`, [one]);
    if (name === 'pseudonyms')
      for (let k = 0; k < 5; k++)
        for (const [i, one] of poison.entries())
          say(lab, plantDay(i) + random.uniform(), `poison-${i}-as-${k}`, [one]);
  }
  const copied = name === 'copies-all' || name === 'copied-with-poison';
  for (const [i, word] of honestWords.entries()) {
    const others = honestWords.filter(
      (one) =>
        one.day < word.day &&
        one.lab !== word.lab &&
        one.traces.some((trace) => word.traces.some((own) => nameOf(own) === nameOf(trace))),
    );
    for (const lab of bad) {
      if (copied) {
        const extra = name === 'copied-with-poison' ? [poison[i % poison.length]!] : [];
        say(lab, word.day + 0.05, `copy-${word.id}`, [...word.traces, ...extra]);
      }
      if (name === 'copies-confirmed' && others.length >= 1)
        say(lab, word.day + 0.05, `copy-${word.id}`, word.traces);
      if (name === 'censorship')
        opinions.push({
          indicatorId: word.id,
          member: memberOf(lab),
          isAgainst: true,
          atMs: (word.day + 0.1) * DAY_MS,
          caseId: null,
        });
    }
  }
  return { told, opinions };
}

function claimsOf({ lab, day, id, traces, kind }: Told): Claim[] {
  const keys = traces.map(nameOf);
  const evidenceDigest =
    kind === 'indicator' && keys.length >= 8
      ? createHash('sha256')
          .update([...keys].sort().join())
          .digest('hex')
      : null;
  return keys.map((traceKey) => ({
    traceKey,
    member: memberOf(lab),
    objectId: id,
    atMs: day * DAY_MS,
    evidenceDigest,
  }));
}

function memberOf(lab: number): string {
  return `lab-${lab}`;
}

function sumUp(
  { days, terms }: PoisoningOptions,
  world: World,
  books: readonly Book[],
  last: readonly ReadonlySet<string>[],
  honest: number,
  honestFollowers: number,
  barred: number,
): PoisoningResult {
  const fromHonest = new Set(
    world.statements.filter(({ lab }) => lab < honest).flatMap(({ traces }) => traces.map(nameOf)),
  );
  let [enforcedTrue, enforcedPlanted, enforcedMistakes] = [0, 0, 0];
  for (const { ever } of books)
    for (const [key, { isTrue }] of ever) {
      if (isTrue) enforcedTrue++;
      else if (fromHonest.has(key)) enforcedMistakes++;
      else enforcedPlanted++;
    }
  const tellersOf = new Map<number, Set<number>>();
  for (const { campaign, lab } of world.statements)
    if (campaign !== null && lab < honest)
      tellersOf.set(campaign, (tellersOf.get(campaign) ?? new Set()).add(lab));
  let [wanted, got, wantedTold, gotTold] = [0, 0, 0, 0];
  for (const { lab: teller, traces, day, campaign } of world.statements) {
    if (teller >= honest || day >= days - RULE_DAYS) continue;
    for (const one of traces) {
      if (!one.isTrue) continue;
      for (let lab = 0; lab < honest; lab++) {
        if (lab === teller || lookUp(one, lab, days - RULE_DAYS).suspected < 5) continue;
        wanted++;
        const isGot = last[lab]!.has(keyOfTrace(one.trace));
        if (isGot) got++;
        const tellers = new Set([lab, ...(tellersOf.get(campaign!) ?? [])]);
        if (tellers.size >= terms.labs) {
          wantedTold++;
          if (isGot) gotTold++;
        }
      }
    }
  }
  const all = enforcedTrue + enforcedPlanted + enforcedMistakes;
  return {
    enforcedPlanted,
    enforcedMistakes,
    enforcedTrue,
    precision: all === 0 ? 1 : enforcedTrue / all,
    recall: wanted === 0 ? 1 : got / wanted,
    recallOfTold: wantedTold === 0 ? 1 : gotTold / wantedTold,
    barred,
    honestFollowers,
  };
}
