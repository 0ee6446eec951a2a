import type { Baseline } from './baseline.js';
import type { Traffic } from './traffic.js';

const BUCKET_MS = 3_600_000;
/** An action of more accounts than this in one hour is everybody's and says nothing; it would make all pairs. */
const MAX_ACCOUNTS = 60;
const MIN_GROUP = 10;
/** Jaccard levels tried, descending: a score is the highest level at which an account is in a group. */
const LEVELS = 50;

/**
 * SynchroTrap: an action is what was used (the network of the request, or its configuration of system prompt, tools and
 * parameters) in which hour; two accounts are as alike as the Jaccard index of their sets of actions; groups by single
 * linkage, at least 10 accounts. An account's score is the highest similarity at which it stands in such a group.
 */
export const synchroTrap: Baseline = {
  name: 'SynchroTrap',
  reference: 'Cao et al., CCS 2014',
  fit: () => (traffic) => {
    const pairs = findSimilarPairs(traffic);
    const score = new Float64Array(traffic.accounts);
    for (let level = LEVELS; level >= 1; level--)
      for (const group of linkAbove(traffic.accounts, pairs, level / LEVELS))
        for (const account of group) if (score[account] === 0) score[account] = level / LEVELS;
    return {
      score,
      group: (threshold) => linkAbove(traffic.accounts, pairs, threshold + 1e-9),
    };
  },
};

interface SimilarPairs {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly similarity: Float64Array;
}

function findSimilarPairs(traffic: Traffic): SimilarPairs {
  const doers = new Map<string, Set<number>>();
  const act = (action: string, account: number): void => {
    let accounts = doers.get(action);
    if (accounts === undefined) doers.set(action, (accounts = new Set()));
    accounts.add(account);
  };
  for (let row = 0; row < traffic.account.length; row++) {
    const bucket = Math.floor(traffic.offsetMs[row]! / BUCKET_MS);
    act(`n${traffic.network[row]} ${bucket}`, traffic.account[row]!);
    act(`c${traffic.configuration[row]} ${bucket}`, traffic.account[row]!);
  }
  const actions = new Uint32Array(traffic.accounts);
  const common = new Map<number, number>();
  for (const accounts of doers.values()) {
    for (const account of accounts) actions[account]!++;
    if (accounts.size < 2 || accounts.size > MAX_ACCOUNTS) continue;
    const list = [...accounts].sort((a, b) => a - b);
    for (let i = 0; i < list.length; i++)
      for (let j = 0; j < i; j++) {
        const key = list[j]! * traffic.accounts + list[i]!;
        common.set(key, (common.get(key) ?? 0) + 1);
      }
  }
  const kept = [...common].filter(([, n]) => n >= 2);
  const low = Uint32Array.from(kept, ([key]) => Math.floor(key / traffic.accounts));
  const high = Uint32Array.from(kept, ([key]) => key % traffic.accounts);
  return {
    low,
    high,
    similarity: Float64Array.from(kept, ([, n], i) => n / (actions[low[i]!]! + actions[high[i]!]! - n)),
  };
}

/** Single-linkage groups of at least 10 accounts over pairs of at least this similarity. */
function linkAbove(accounts: number, pairs: SimilarPairs, least: number): number[][] {
  const parent = Int32Array.from({ length: accounts }, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  for (let p = 0; p < pairs.similarity.length; p++)
    if (pairs.similarity[p]! >= least) parent[find(pairs.low[p]!)] = find(pairs.high[p]!);
  const groups = new Map<number, number[]>();
  for (let account = 0; account < accounts; account++) {
    const root = find(account);
    const group = groups.get(root);
    if (group) group.push(account);
    else groups.set(root, [account]);
  }
  return [...groups.values()].filter((group) => group.length >= MIN_GROUP);
}
