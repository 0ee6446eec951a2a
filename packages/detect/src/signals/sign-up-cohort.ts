import { DAY_MS } from '@phalanx/core';
import { Random, testByRandomization } from '@phalanx/stats';
import { sayChance } from './peers.js';
import type { Signal } from './signal.js';

const LEAST_ACCOUNTS = 10;
const MOST_ACCOUNTS = 1000;
const DRAWS = 999;

/**
 * Accounts opened together. Null: the members are a random draw from all accounts whose creation time is known. Effect:
 * days of the shortest span that holds half of them, against the mean over draws of as many accounts. Source: Yuan et
 * al., Detecting Fake Accounts in Online Social Networks at the Time of Registrations, CCS 2019.
 */
export const signUpCohort: Signal = {
  name: 'sign-up-cohort',
  measure({ pool, population }) {
    const { createdAtMs } = population.facts;
    const isMember = new Set(pool.proposal.members);
    const everybody: number[] = [];
    const members: number[] = [];
    population.factRow.forEach((row, account) => {
      if (row < 0 || !(createdAtMs[row]! > 0)) return;
      everybody.push(createdAtMs[row]!);
      if (isMember.has(account)) members.push(createdAtMs[row]!);
    });
    if (members.length < LEAST_ACCOUNTS || everybody.length < 2 * members.length) return null;
    const random = new Random(1);
    const observed = Float64Array.from(random.shuffle(members).slice(0, MOST_ACCOUNTS));
    const times = Float64Array.from(everybody);
    const spans: number[] = [];
    const { observed: minusSpan, logP } = testByRandomization<Float64Array>({
      observed,
      statistic: (group) => {
        const span = halfSpan(group);
        if (group !== observed) spans.push(span);
        return -span;
      },
      draw: (generator) => drawSome(times, observed.length, generator),
      draws: DRAWS,
      random,
    });
    const days = -minusSpan / DAY_MS;
    const usual = spans.reduce((sum, span) => sum + span, 0) / spans.length / DAY_MS;
    return {
      signal: 'sign-up-cohort',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts were opened like as many accounts drawn at random from all.',
      effect: {
        name: 'shortest span that holds half of the sign-ups',
        value: days,
        reference: usual,
        unit: 'days',
      },
      sentence: `Half of the accounts were opened within ${sayDays(days)}; of as many drawn at random, within ${sayDays(usual)} (${sayChance(logP, `${DRAWS} random groups of all accounts`)}).`,
      innocentExplanation: 'A class, an event or an offer brought these customers in together.',
      refutedBy: 'The event or offer, with a list of the people who came through it.',
      atlas: 'AML.T0021',
    };
  },
};

/** Shortest span that holds half of the times, in ms. Sorts in place. */
function halfSpan(times: Float64Array): number {
  times.sort();
  const half = Math.ceil(times.length / 2);
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = half - 1; i < times.length; i++)
    shortest = Math.min(shortest, times[i]! - times[i - half + 1]!);
  return shortest;
}

/** A random subset, by the first steps of a Fisher-Yates shuffle in place. */
function drawSome(times: Float64Array, count: number, random: Random): Float64Array {
  for (let i = 0; i < count; i++) {
    const j = i + random.integer(times.length - i);
    [times[i], times[j]] = [times[j]!, times[i]!];
  }
  return times.slice(0, count);
}

function sayDays(days: number): string {
  return days < 1 ? `${(24 * days).toPrecision(2)} hours` : `${days.toPrecision(3)} days`;
}
