import { toHex } from '@phalanx/core';
import type { ValueClass } from '../matching/value-class.js';

/** A thing that accounts of a lab have in common, and which of them: the lab's own knowledge, up to a round. */
export interface HeldValue {
  readonly valueClass: ValueClass;
  /** As `canonicalValue` gives it. An address is that of its /24 or /48: the network, host bits 0. */
  readonly value: Uint8Array;
  /** For a band of a template its 64 lanes, otherwise empty. */
  readonly detail: Uint8Array;
  /** Account ids; they stay in the lab. */
  readonly accounts: ReadonlySet<string>;
}

/** Accounts of a lab that may be one hand, as they are labelled in this coalition. */
export interface LabelledGroup {
  readonly label: number;
  readonly accounts: ReadonlySet<string>;
}

/** A value that links, and the groups that it speaks for. */
export interface LinkValue extends Pick<HeldValue, 'valueClass' | 'value' | 'detail'> {
  readonly labels: readonly number[];
}

/** A value of one account is a customer of several labs, nothing more. */
const LEAST_HOLDERS = 2;
/** A value that more accounts of the lab hold, at least 20, is common: a cloud's range, a popular library. */
const POPULAR_SHARE = 0.06;
const LEAST_POPULAR = 20;
/** Values of one group; beyond, those with fewest holders in it are left out. */
const MOST_OF_A_GROUP = 64;

/**
 * The values by which groups of other labs may be recognised: held by at least two accounts of the group and by more accounts in it than
 * outside, and not common among the lab's accounts. What ordinary customers share is left out at home, before any other lab could match it.
 *
 * @param population accounts of the lab
 * @param most values that the lab may submit; groups take turns, so that a group with many does not crowd out another
 */
export function chooseLinkValues(
  held: readonly HeldValue[],
  groups: readonly LabelledGroup[],
  population: number,
  most: number,
): LinkValue[] {
  const common = Math.max(LEAST_POPULAR, POPULAR_SHARE * population);
  const rare = held.filter(({ accounts }) => accounts.size >= LEAST_HOLDERS && accounts.size <= common);
  const queues = groups.map(({ label, accounts }) => ({
    label,
    values: rare
      .map((value) => ({ value, inside: countInside(value.accounts, accounts) }))
      .filter(({ value, inside }) => inside >= LEAST_HOLDERS && 2 * inside > value.accounts.size)
      // By holders, then by the value itself: labs that hold the same values prefer the same ones.
      .sort((a, b) => b.inside - a.inside || (nameOfValue(a.value) < nameOfValue(b.value) ? -1 : 1))
      .slice(0, MOST_OF_A_GROUP)
      .map(({ value }) => value),
  }));
  const chosen = new Map<string, { value: HeldValue; labels: number[] }>();
  for (let turn = 0; turn < MOST_OF_A_GROUP; turn++)
    for (const { label, values } of queues) {
      const value = values[turn];
      if (value === undefined) continue;
      const known = chosen.get(nameOfValue(value));
      if (known) known.labels.push(label);
      else if (chosen.size < most) chosen.set(nameOfValue(value), { value, labels: [label] });
    }
  return [...chosen.values()].map(({ value: { valueClass, value, detail }, labels }) => ({
    valueClass,
    value,
    detail,
    labels,
  }));
}

function countInside(some: ReadonlySet<string>, all: ReadonlySet<string>): number {
  let count = 0;
  for (const account of some) if (all.has(account)) count++;
  return count;
}

/** A value as a key of maps. */
export function nameOfValue({ valueClass, value }: Pick<HeldValue, 'valueClass' | 'value'>): string {
  return `${valueClass} ${toHex(value)}`;
}
