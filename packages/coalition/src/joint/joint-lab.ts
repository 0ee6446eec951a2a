import { type KeyObject, randomInt } from 'node:crypto';
import { toHex } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import type { SealedSighting } from '../matching/sealed-sighting.js';
import {
  type EvidenceStatement,
  type JointCandidate,
  type LinkStatement,
  MAX_LABELS,
  signStatement,
} from './joint-messages.js';
import { type JointTerms, LABELS, poolKey } from './joint-terms.js';
import { chooseLinkValues, type HeldValue, nameOfValue } from './link-values.js';
import { type Evaluate, type SealedLinks, sealLinks } from './sealed-links.js';
import { measureGrowth, type WatchedPool } from './watched-pool.js';

/** Pools with half of their accounts in common are one group, under one label. */
const SAME_GROUP = 0.5;
/** Groups that a lab takes into a round, those with most evidence so far. */
const MOST_GROUPS = 12;

/** Accounts that declare together that they act as one, or belong to one organisation: they are matched, and stand aside. */
export interface DeclaredFleet {
  readonly name: string;
  readonly accounts: readonly string[];
}

/** What a lab looks at in a round: all of it was known at the end of `day`. */
export interface RoundInput {
  readonly day: number;
  /** Pools whose proposal lies before the end of the day, with their evidence up to then. */
  readonly pools: readonly WatchedPool[];
  readonly fleets: readonly DeclaredFleet[];
  readonly held: readonly HeldValue[];
  /** Accounts of the lab. */
  readonly population: number;
}

interface Group {
  readonly label: number;
  readonly accounts: ReadonlySet<string>;
  readonly isDeclared: boolean;
  /** Numbers of pools, ascending. */
  readonly pools: number[];
}

/**
 * A lab's part in joint finding. It labels its pools by lot, so that a label tells neither how many it examines nor in what order, remembers
 * which pools a candidate was opened for, and says how the evidence about these grew since. Account ids and values stay inside.
 */
export class JointLab {
  readonly place: number;
  readonly terms: JointTerms;
  readonly #key: KeyObject;
  readonly #groups: Group[] = [];
  readonly #inCandidate = new Map<number, { day: number; labs: number; pools: ReadonlySet<number> }>();
  #round: (Pick<SealedLinks, 'labelsOfTag' | 'tagOfValue'> & { readonly day: number }) | null = null;

  /** @param key Ed25519, for statements */
  constructor(place: number, terms: JointTerms, key: KeyObject) {
    this.place = place;
    this.terms = terms;
    this.#key = key;
  }

  /** Begins a round: values chosen, evaluated and sealed for the collector. */
  async seal(input: RoundInput, evaluate: Evaluate): Promise<readonly SealedSighting[]> {
    const groups = this.#labelGroups(input);
    const values = chooseLinkValues(input.held, groups, input.population, this.terms.entries);
    const links = await sealLinks(values, this.place, input.day, this.terms, evaluate);
    this.#round = { day: input.day, ...links };
    return links.sealed;
  }

  /** Our tag of a value that we submitted in this round, or null: for a hub that tells values and not tags. */
  tagOf(value: Pick<HeldValue, 'valueClass' | 'value'>): Uint8Array | null {
    return this.#round?.tagOfValue.get(nameOfValue(value)) ?? null;
  }

  /** Answers what was revealed: which of our groups hold it. Tags that we did not submit are left out. */
  stateLinks(day: number, revealedTags: readonly Uint8Array[]): string {
    if (this.#round?.day !== day)
      refuse('COALITION_TRUST', `day ${day} is not the round that we took part in`, 'Refuse it.');
    const { labelsOfTag } = this.#round;
    const links = revealedTags.flatMap((tag) => {
      const labels = labelsOfTag.get(toHex(tag));
      return labels === undefined ? [] : [{ tag: toHex(tag), labels: [...labels].slice(0, MAX_LABELS) }];
    });
    const spoken = new Set(links.flatMap(({ labels }) => labels));
    const declared = this.#groups
      .filter(({ label, isDeclared }) => isDeclared && spoken.has(label))
      .map(({ label }) => label);
    const statement: LinkStatement = {
      type: 'phalanx-joint-links-v1',
      place: this.place,
      day,
      links,
      declared,
    };
    return signStatement(statement, this.#key);
  }

  /** Takes note of a candidate. The pools that count are those that its groups have now; later ones do not join. */
  join(candidate: JointCandidate): void {
    if (this.#round?.day !== candidate.day || this.#inCandidate.has(candidate.number))
      refuse('COALITION_TRUST', `candidate ${candidate.number} is not of this round`, 'Refuse it.');
    const labels = new Set(
      candidate.pools.filter(({ place }) => place === this.place).map(({ label }) => label),
    );
    const pools = this.#groups.filter(({ label }) => labels.has(label)).flatMap((group) => group.pools);
    const labs = new Set(candidate.pools.map(({ place }) => place)).size;
    this.#inCandidate.set(candidate.number, { day: candidate.day, labs, pools: new Set(pools) });
  }

  /**
   * How our evidence about a candidate has grown from the end of its day to the end of `day`.
   *
   * @param dayEndsMs the end of a day, milliseconds since 1970
   */
  stateEvidence(
    number: number,
    day: number,
    pools: readonly WatchedPool[],
    dayEndsMs: (day: number) => number,
  ): string {
    const own = this.#inCandidate.get(number);
    if (own === undefined || day < own.day)
      refuse('COALITION_TRUST', `we have no part in candidate ${number} on day ${day}`, 'Do not answer.');
    const watched = pools.filter((pool) => own.pools.has(pool.number));
    const growth = measureGrowth(watched, dayEndsMs(own.day), dayEndsMs(day), own.labs);
    const statement: EvidenceStatement = {
      type: 'phalanx-joint-evidence-v1',
      place: this.place,
      candidate: number,
      day,
      ...growth,
    };
    return signStatement(statement, this.#key);
  }

  /** The accounts behind one of our labels; null for a label that we did not give. Not for others. */
  accountsOf(label: number): ReadonlySet<string> | null {
    return this.#groups.find((group) => group.label === label)?.accounts ?? null;
  }

  /** Groups of the round. A pool that resembles a group of before joins it, keeping its label and its first accounts. */
  #labelGroups({ pools, fleets }: RoundInput): Group[] {
    const taken: Group[] = [];
    for (const fleet of fleets) taken.push(this.#groupOf(fleet.accounts, true));
    const open = pools.filter(({ setAside }) => setAside === null);
    const evidence = (pool: WatchedPool) => pool.trace.at(-1)?.logCoordination ?? 0;
    for (const pool of [...open].sort((a, b) => evidence(b) - evidence(a) || a.number - b.number)) {
      const group = this.#groupOf(pool.accounts, false);
      if (!group.pools.includes(pool.number)) group.pools.push(pool.number);
      if (!taken.includes(group) && taken.length < MOST_GROUPS + fleets.length) taken.push(group);
    }
    return taken;
  }

  #groupOf(accounts: readonly string[], isDeclared: boolean): Group {
    const known = this.#groups.find((group) => {
      const both = accounts.filter((account) => group.accounts.has(account)).length;
      return (
        group.isDeclared === isDeclared && both >= SAME_GROUP * Math.min(accounts.length, group.accounts.size)
      );
    });
    if (known !== undefined) return known;
    const used = new Set(this.#groups.map(({ label }) => poolKey({ place: this.place, label })));
    if (used.size >= LABELS / 2)
      refuse('COALITION_LIMIT', `${used.size} labels are given`, 'Begin with new terms.');
    let label: number;
    do label = randomInt(1, LABELS + 1);
    while (used.has(poolKey({ place: this.place, label })));
    const group: Group = { label, accounts: new Set(accounts), isDeclared, pools: [] };
    this.#groups.push(group);
    return group;
  }
}
