import { DAY_MS } from '@phalanx/core';
import {
  type CoalitionKeys,
  type CoalitionPlan,
  type HydraPlan,
  type Rehearsal,
  rehearseCoalition,
} from '@phalanx/testing';

/** Hydras that are looked for. */
const CAMPAIGNS: Readonly<Record<string, Partial<HydraPlan>>> = {
  plain: { class: 'A2', cover: 'pinned', fingerprints: 'natural', carefulness: 1 },
  reasoning: {
    class: 'A4',
    cover: 'pinned',
    fingerprints: 'natural',
    carefulness: 1,
    elicitationShare: 0.9,
  },
  rewrites: {
    class: 'A6',
    cover: 'pinned',
    fingerprints: 'natural',
    carefulness: 1,
    wrapper: 'Rewrite the request below so that a child can follow it, then answer it.\n\nRequest: {}',
  },
  careful: { class: 'A2', cover: 'pinned', fingerprints: 'natural', carefulness: 2 },
};

/** A hydra that is looked for in several worlds. */
export interface PowerSettings {
  readonly plan: Omit<CoalitionPlan, 'seed' | 'hydra'>;
  readonly campaign: string;
  /** Accounts at each lab. */
  readonly atEach: number;
  /** Of all requests of an account and day, the thief's; the rest is its own customer's. */
  readonly requests: number;
  readonly rate: number;
  /** Worlds are `${name} 0`, `${name} 1`, ... */
  readonly name: string;
  readonly seeds: number;
}

/** Days count from 1: those after which a lab alone, and all together, first name the hydra; null for never. */
interface Outcome {
  readonly alone: number | null;
  readonly together: number | null;
  readonly labsAlone: number;
  readonly labsTogether: number;
  /** Accounts in pools that were named together, and those of them that are not the hydra's. */
  readonly accounts: number;
  readonly strangers: number;
}

/** Prints, for each day, in how many worlds a hydra is named together and by no lab alone, and when either happens. */
export async function measurePower(settings: PowerSettings, keys: CoalitionKeys): Promise<void> {
  const { plan, campaign, atEach, requests, rate, name, seeds } = settings;
  const style = CAMPAIGNS[campaign];
  if (style === undefined) throw new RangeError(`campaign ${campaign}: ${Object.keys(CAMPAIGNS).join(', ')}`);
  const hydra = {
    ...style,
    accounts: atEach * plan.labs,
    requestsPerAccountDay: requests,
    attackShare: rate / requests,
  };
  const outcomes: Outcome[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const outcome = readOutcome(await rehearseCoalition({ ...plan, seed: `${name} ${seed}`, hydra }, keys));
    outcomes.push(outcome);
    console.error(
      `${name} ${seed}: alone on day ${outcome.alone} by ${outcome.labsAlone}, together on day ${outcome.together} by ${outcome.labsTogether}`,
    );
  }
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, one) => total + of(one), 0);
  console.log(
    `${campaign}, ${plan.labs} labs, ${atEach} accounts at each, ${rate} requests of the thief among ${requests} an account and day; worlds ${name} 0 to ${seeds - 1}`,
  );
  console.log('  by day  together only  both  alone only  neither');
  for (let day = 1; day <= plan.days; day++) {
    const by = (first: number | null) => first !== null && first <= day;
    const cells = [
      sum(({ alone, together }) => Number(by(together) && !by(alone))),
      sum(({ alone, together }) => Number(by(together) && by(alone))),
      sum(({ alone, together }) => Number(!by(together) && by(alone))),
      sum(({ alone, together }) => Number(!by(together) && !by(alone))),
    ];
    console.log(
      `  ${String(day).padStart(6)}${cells.map((count, i) => String(count).padStart([15, 6, 12, 9][i]!)).join('')}`,
    );
  }
  console.log(
    `  first named, alone/together: ${outcomes.map(({ alone, together }) => `${alone ?? '-'}/${together ?? '-'}`).join(' ')}`,
  );
  console.log(
    `  labs that could name it at the end, of ${seeds * plan.labs}: ${sum(({ labsAlone }) => labsAlone)} alone, ${sum(({ labsTogether }) => labsTogether)} together; accounts named together ${sum(({ accounts }) => accounts)}, strangers among them ${sum(({ strangers }) => strangers)}`,
  );
}

function readOutcome({ participants, run, world, hydra }: Rehearsal): Outcome {
  const isHydras = (accounts: Iterable<string>) => {
    const all = [...accounts];
    return 2 * all.filter((account) => hydra.has(account)).length > all.length;
  };
  const alone = participants.map(({ replay }) =>
    replay.findings.filter(({ members }) => isHydras(members.map(({ accountId }) => accountId))),
  );
  const alarms = alone
    .flat()
    .map(({ firstAlarmAtMs }) => Math.ceil((firstAlarmAtMs - world.startMs) / DAY_MS));
  const firstDay = Math.floor(world.startMs / DAY_MS);
  const named = run.days.flatMap(({ day, verdicts }) =>
    verdicts.filter(({ kind }) => kind.startsWith('joint')).map(({ candidate }) => ({ day, candidate })),
  );
  const accounts = new Set<string>();
  const labs = new Set<number>();
  for (const { candidate } of named)
    for (const { place, label } of candidate.pools) {
      const members = run.accountsOf(place, label);
      if (isHydras(members)) labs.add(place);
      for (const account of members) accounts.add(`${place} ${account}`);
    }
  return {
    alone: alarms.length > 0 ? Math.min(...alarms) : null,
    together: named.length > 0 ? Math.min(...named.map(({ day }) => day)) - firstDay + 1 : null,
    labsAlone: alone.filter((findings) => findings.length > 0).length,
    labsTogether: labs.size,
    accounts: accounts.size,
    strangers: [...accounts].filter((name) => !hydra.has(name.slice(name.indexOf(' ') + 1))).length,
  };
}
