import type { ExchangeSample, SignalResult } from '@phalanx/domain';
import { TOPIC_BYTES } from '@phalanx/domain';
import { matchesComponent } from '../demand/component.js';
import { compareWithPeers, peerOfRow } from './peers.js';
import type { Signal } from './signal.js';

const LEAST_ROWS = 200;
/** Content words are hashed to 16 bits; 2,000 prompts bring at most 16,000 of 65,535. */
const MOST_ROWS = 2000;
const DRAWS = 199;
const SHAPES = 2 ** 16;

/**
 * Demand that keeps covering new ground. Null: what members ask brings new words and forms as that of other accounts of like
 * volume does; of the deciding kinds where others ask these at least as often, else without a test. Effect: Heaps' exponent b
 * of distinct words and forms ~ requests^b, from the first half of the requests to all; 1 is a list without an end. Source:
 * Heaps, Information Retrieval, 1978.
 */
export const coverageGrowth: Signal = {
  name: 'coverage-growth',
  measure({ peers, peerSample, members, decisive }) {
    if (!peers) return null;
    const peer = peerOfRow(peers, peerSample);
    const isDecisive = (sample: ExchangeSample, row: number) =>
      decisive.length === 0 || decisive.some((part) => matchesComponent(part, sample, row));
    const every = Array.from(peer.keys()).filter((row) => peer[row]! >= 0);
    const ofKind = every.filter((row) => isDecisive(peerSample, row));
    const own = ofKind.filter((row) => peers.isMember[peer[row]!] === 1);
    const growth = growthMeter(peerSample);
    const kind = decisive.length > 0 ? ' of the kind that decided' : '';
    if (own.length >= LEAST_ROWS && ofKind.length >= 2 * own.length) {
      const { observed, typical, chance } = compareWithPeers(
        peers,
        (group) => growth(ofKind.filter((row) => group[peer[row]!] === 1)),
        DRAWS,
      );
      return Number.isFinite(observed)
        ? describe(observed, typical, { kind, whom: 'accounts of like volume', chance })
        : null;
    }
    const decided = Array.from(members.account.keys()).filter((row) => isDecisive(members, row));
    const strangers = every.filter((row) => peers.isMember[peer[row]!] === 0);
    const n = Math.min(decided.length, strangers.length, MOST_ROWS);
    if (n < LEAST_ROWS) return null;
    const value = growthMeter(members)(decided.slice(0, n));
    const reference = growth(strangers.slice(0, n));
    if (!Number.isFinite(value) || !Number.isFinite(reference)) return null;
    return describe(value, reference, {
      kind,
      whom: 'as many of other accounts, of any kind,',
      chance: 'no test: others ask too little of it',
    });
  },
};

function describe(
  value: number,
  reference: number,
  { kind, whom, chance }: { readonly kind: string; readonly whom: string; readonly chance: string },
): SignalResult {
  return {
    signal: 'coverage-growth',
    family: 'context',
    log10E: null,
    nullHypothesis: 'New words and forms come as they do in the requests of other accounts of like volume.',
    effect: {
      name: 'growth of distinct words and forms with requests (1: steady)',
      value,
      reference,
      unit: 'exponent',
    },
    sentence: `With twice as many requests${kind}, the accounts use ${(2 ** value).toFixed(2)} times as many distinct words and forms; ${whom} ${(2 ** reference).toFixed(2)} times (${chance}).`,
    innocentExplanation: 'Many customers with unlike interests stand behind these accounts.',
    refutedBy: 'End-user pseudonyms under each of which the requests return to the same subjects.',
    atlas: 'AML.T0024.002',
  };
}

/** Exponent of the rows given, in order of time, or -Infinity below 50 of them or without any word. */
function growthMeter({ shape, topics }: ExchangeSample): (rows: readonly number[]) => number {
  const seenIn = new Int32Array(SHAPES + 2 ** 16);
  let visit = 0;
  return (rows) => {
    const n = Math.min(rows.length, MOST_ROWS);
    const half = Math.floor(n / 2);
    visit++;
    let distinct = 0;
    let atHalf = 0;
    let words = 0;
    const see = (key: number) => {
      if (seenIn[key] === visit) return;
      seenIn[key] = visit;
      distinct++;
    };
    for (let i = 0; i < n; i++) {
      if (i === half) atHalf = distinct;
      const row = rows[i]!;
      see(shape[row]! % SHAPES);
      for (let at = row * TOPIC_BYTES; at < (row + 1) * TOPIC_BYTES; at += 2) {
        const word = topics[at]! | (topics[at + 1]! << 8);
        if (word === 0) continue;
        words++;
        see(SHAPES + word);
      }
    }
    if (n < 50 || words === 0) return Number.NEGATIVE_INFINITY;
    return Math.log(distinct / atHalf) / Math.log(n / half);
  };
}
