import { DAY_MS } from '@phalanx/core';
import { type Clock, drawTimes } from '../arrival-clock.js';
import { checkInteger, checkRange, planError } from '../error.js';
import { drawHabits, readSystemOf } from '../habits.js';
import { drawHome, drawNetwork, fixedNetwork, type NetworkProfile } from '../network-pool.js';
import { ask, drawStation, drawTaste, makePersona, type Persona, type Station, send } from '../persona.js';
import type { Random } from '../random.js';
import { drawSignUp, drawToken, type SharedSignUp } from '../sign-up.js';
import type { WorldBuilder } from '../world-builder.js';

/** A source and its weight in a mixture. */
export interface SourceShare {
  readonly name: string;
  readonly weight: number;
}

/** The customers nobody thinks of. */
export interface OrdinaryPlan {
  readonly accounts: number;
  /** What they ask, and how popular each source is. */
  readonly sources: readonly SourceShare[];
  /** Mean of the lognormal volume, requests per account and day; default 26. */
  readonly requestsPerDay?: number;
  /** Standard deviation of the logarithm of the volume; default 1. */
  readonly volumeSigma?: number;
  /** Share that mixes two or three sources; default 0.3. */
  readonly mixedShare?: number;
  /** Share that is a small application with about 30 end customers; default 0.1. */
  readonly appShare?: number;
  /** Share in organisations of 2 to 30 keys behind one card, domain and office; default 0.15. */
  readonly organisationShare?: number;
  /** Share in families or friends of 2 to 5 that share a card and nothing else; default 0.04. */
  readonly familyShare?: number;
}

export function checkSources(name: string, sources: readonly SourceShare[]): void {
  if (sources.length === 0) throw planError(`${name}.sources is empty`, 'name at least one source');
  for (const source of sources) checkRange(`weight of ${source.name}`, source.weight, 1e-9, 1e9);
}

/** @throws PhalanxError `TESTING_PLAN`. */
export function addOrdinary(builder: WorldBuilder, plan: OrdinaryPlan): void {
  checkInteger('ordinary.accounts', plan.accounts, 0, 1_000_000);
  if (plan.accounts === 0) return;
  checkSources('ordinary', plan.sources);
  const {
    requestsPerDay = 26,
    volumeSigma = 1,
    appShare = 0.1,
    organisationShare = 0.15,
    familyShare = 0.04,
  } = plan;
  checkRange('ordinary.requestsPerDay', requestsPerDay, 0.01, 1e5);
  checkRange('ordinary.organisationShare + familyShare', organisationShare + familyShare, 0, 1);
  const random = builder.random('ordinary');
  let made = 0;
  while (made < plan.accounts) {
    const u = random.uniform();
    // Shares are of accounts: a group is drawn with probability share / mean size (8 and 3).
    const group =
      u < organisationShare / 8
        ? 'organisation'
        : u < organisationShare / 8 + familyShare / 3
          ? 'family'
          : '';
    const size = Math.min(
      plan.accounts - made,
      group === 'organisation'
        ? Math.min(30, 1 + random.geometric(7))
        : group === 'family'
          ? random.integer(2, 4)
          : 1,
    );
    const office = group === 'organisation' && random.chance(0.7) ? builder.nextOrganisation() : -1;
    const shared: SharedSignUp =
      group === 'organisation'
        ? {
            organisationId: drawToken(random, 'org-'),
            paymentFingerprint: drawToken(random, 'card-'),
            emailDomain: `${drawToken(random, 'c').slice(0, 9)}.example`,
          }
        : group === 'family'
          ? { paymentFingerprint: drawToken(random, 'card-') }
          : {};
    for (let i = 0; i < size; i++) {
      const own = builder.random('ordinary', made++);
      const network =
        office >= 0 ? fixedNetwork('office', office) : group === 'family' ? drawHome(own) : drawNetwork(own);
      const app = own.chance(appShare);
      const label = app ? 'app' : group === 'organisation' ? 'organisation' : 'ordinary';
      const persona = (station: Station, clock: Clock) =>
        app
          ? drawAppPersonas(builder, plan, own, station, clock)
          : [drawCustomer(builder, plan, own, readSystemOf(station), clock)];
      const volume = own.lognormal(requestsPerDay, volumeSigma);
      addCustomer(builder, own, { label, network, shared, volume, persona });
    }
  }
}

/** One ordinary customer's persona: one source with an own taste, or up to three. */
export function drawCustomer(
  builder: WorldBuilder,
  plan: Pick<OrdinaryPlan, 'sources' | 'mixedShare'>,
  random: Random,
  os: string,
  clock: Clock,
  settings: Partial<Omit<Persona, 'tastes' | 'memory' | 'left'>> = {},
): Persona {
  const weights = plan.sources.map((source) => source.weight);
  const count = random.chance(plan.mixedShare ?? 0.3) ? random.integer(2, 3) : 1;
  const tastes = Array.from({ length: count }, () =>
    drawTaste(builder, builder.findSource(plan.sources[random.weighted(weights)]!.name), random),
  );
  return makePersona(builder, tastes, {
    ...drawHabits(builder, random, os),
    outputTokens: clock.rhythm.outputTokens,
    ...settings,
  });
}

function drawAppPersonas(
  builder: WorldBuilder,
  plan: OrdinaryPlan,
  random: Random,
  station: Station,
  clock: Clock,
): Persona[] {
  const shared = drawHabits(builder, random, readSystemOf(station));
  const count = random.integer(20, 40);
  const first = random.chance(0.5) ? builder.reserveEndUsers(count) : 0;
  return Array.from({ length: count }, (_, i) =>
    drawCustomer(builder, { ...plan, mixedShare: 0 }, random, 'Linux', clock, {
      ...shared,
      endUser: first === 0 ? 0 : first + i,
      endUsers: first === 0 ? 0 : 1,
    }),
  );
}

/** An account of its own with its sign-up, clock, station and requests; joins when it signs up. */
export function addCustomer(
  builder: WorldBuilder,
  random: Random,
  customer: {
    readonly label: string;
    readonly campaign?: string;
    readonly network: NetworkProfile;
    readonly shared?: SharedSignUp;
    /** Mean requests a day. */
    readonly volume: number;
    readonly machine?: boolean;
    readonly persona: (station: Station, clock: Clock) => readonly Persona[];
  },
): number {
  const facts = drawSignUp(random, customer.network, builder, customer.shared);
  const account = builder.addAccount(facts, {
    class: customer.label,
    campaign: customer.campaign ?? '',
    attacker: false,
  });
  const station = drawStation(customer.network, random);
  const clock = customer.machine
    ? builder.arrivals.drawMachineClock(random)
    : builder.arrivals.drawClock(random);
  const personas = customer.persona(station, clock);
  const fromMs = Math.max(0, facts.createdAtMs! - builder.startMs);
  const count = random.poisson((customer.volume * (builder.spanMs - fromMs)) / DAY_MS);
  for (const atMs of drawTimes(clock, count, fromMs, builder.spanMs, random)) {
    const persona = personas.length === 1 ? personas[0]! : random.choice(personas);
    send(builder, account, atMs, persona, ask(builder, persona, random), station, random);
  }
  return account;
}
