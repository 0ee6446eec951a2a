import type { Arrivals, TelemetryReader, TimeWindow } from '@phalanx/domain';
import { ONE_ORGANISATION } from '../gates.js';
import type { DetectOptions } from '../options.js';
import type { Population } from '../population/population.js';
import { fromTriplets, rowTotals, type SparseCounts } from '../population/sparse-counts.js';
import { proposeEvenMixtures } from './even-mixture.js';
import { identityObjects } from './identity-objects.js';
import { type MemoryScore, proposeMemoryless } from './memoryless.js';
import { POPULAR_SHARE, proposeObjectCommunities } from './object-communities.js';
import { type Proposal, shareInside } from './proposal.js';
import { proposeSharedSignatures } from './shared-signature.js';
import { proposeSignatureUnions } from './signature-unions.js';
import { splitByMixture } from './split-by-mixture.js';
import { proposeTurnTakers } from './turn-takers.js';

/** Arrivals read at most, about; the youngest. */
const MAX_ARRIVALS = 4_000_000;
/** Two proposals with this much of either in common are one. */
const SAME_POOL = 0.8;

/** What the content links look at: everything up to the proposal, and the last whole day apart. */
export interface Seen {
  readonly history: SparseCounts;
  readonly beforeLastDay: SparseCounts;
  readonly lastDay: SparseCounts;
  readonly memory: MemoryScore;
}

/**
 * All groups that any link proposes from what is past, among strangers only, the larger of two that are the same.
 *
 * @param known groups of earlier proposals that turned out to be fed by one mixture
 * @param shown groups of earlier proposals whose coordination was shown
 */
export async function propose(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
  seen: Seen,
  known: readonly Proposal[],
  shown: readonly Proposal[],
  options: DetectOptions,
): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  const { minAccounts } = options;
  if (population.size < minAccounts) return [];
  const { history } = seen;
  const dealt: Proposal[] = [];
  if (options.families.metadata) {
    const maxAccounts = Math.max(20, Math.floor(POPULAR_SHARE * population.size));
    proposals.push(
      ...proposeTurnTakers(
        population,
        await readLastArrivals(reader, past, seen, options.dayMs),
        minAccounts,
      ),
    );
    const networks = await reader.sharedObjects(past, 'network', { minAccounts: 2, maxAccounts });
    const objects = [...identityObjects(population), { kind: 'network' as const, touched: networks }];
    proposals.push(...proposeObjectCommunities(population, objects, minAccounts, 'shared infrastructure'));
  }
  if (options.families.content)
    dealt.push(
      ...proposeEvenMixtures(history, { minAccounts, minExchanges: 10, maxGroups: 8 }),
      ...proposeMemoryless(seen.memory, seen.beforeLastDay, seen.lastDay, minAccounts),
    );
  const clients =
    options.families.metadata && dealt.length > 0 ? await readClients(reader, past, population) : null;
  for (const proposal of dealt) {
    // Two relays that mix the same kinds of customers differ in whose clients they serve.
    const byClients = clients
      ? splitProposal(proposal, clients.earlier, clients.later, minAccounts)
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
    const dealtOut = proposeSharedSignatures(population, signatures, totals, blends, minAccounts);
    proposals.push(...dealtOut, ...proposeSignatureUnions([...shown, ...dealtOut], population.size));
  }
  proposals.sort((a, b) => b.members.length - a.members.length);
  return proposals
    .map((p) => amongStrangers(p, population))
    .filter((p) => p.members.length >= minAccounts)
    .filter((p, i, all) => !all.slice(0, i).some((q) => isSameGroup(p, q)));
}

/**
 * Declared accounts may act as one, and so may those of one organisation: of each organisation the likeliest member stands
 * for all. A group that is one organisation by and large stays whole, for the gate to set aside and the report to list.
 */
function amongStrangers(proposal: Proposal, population: Population): Proposal {
  const best = new Map<bigint, number>();
  const size = new Map<bigint, number>();
  proposal.members.forEach((account, m) => {
    const organisation = population.organisation[account]!;
    if (organisation === 0n) return;
    size.set(organisation, (size.get(organisation) ?? 0) + 1);
    const rival = best.get(organisation);
    if (rival === undefined || proposal.strength[m]! > proposal.strength[rival]!) best.set(organisation, m);
  });
  const isOne = Math.max(0, ...size.values()) >= ONE_ORGANISATION * proposal.members.length;
  const keep = (_: number, m: number): boolean => {
    const account = proposal.members[m]!;
    const organisation = population.organisation[account]!;
    return (
      population.declaration[account] === '' && (isOne || organisation === 0n || best.get(organisation) === m)
    );
  };
  return { ...proposal, members: proposal.members.filter(keep), strength: proposal.strength.filter(keep) };
}

/** Whether two proposals have so much of either in common, four fifths unless told otherwise. */
export function isSameGroup(
  { members: a }: Proposal,
  { members: b }: Proposal,
  share: number = SAME_POOL,
): boolean {
  return shareInside(a, b) >= share && shareInside(b, a) >= share;
}

/** Everybody's arrivals of the last day, or of as much of its end as the limit allows. */
function readLastArrivals(
  reader: TelemetryReader,
  past: TimeWindow,
  { history }: Seen,
  dayMs: number,
): Promise<Arrivals> {
  const total = history.count.reduce((sum, n) => sum + n, 0);
  const rate = total / (past.toMs - past.fromMs);
  const span = Math.min(dayMs, MAX_ARRIVALS / rate);
  return reader.arrivals({ fromMs: Math.ceil(Math.max(past.fromMs, past.toMs - span)), toMs: past.toMs });
}

/** Exchanges by account and parameters, in either half of the past. */
async function readClients(
  reader: TelemetryReader,
  past: TimeWindow,
  population: Population,
): Promise<{ earlier: SparseCounts; later: SparseCounts }> {
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
  return { earlier: { ...earlier, columns: columns.size }, later: { ...later, columns: columns.size } };
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
