import { randomBytes } from 'node:crypto';
import { toHex, utf8 } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import { type SealedSighting, type Sighting, sealSighting } from '../matching/sealed-sighting.js';
import { matchingInput } from '../matching/value-class.js';
import type { JointTerms } from './joint-terms.js';
import { type LinkValue, nameOfValue } from './link-values.js';

/** Evaluates inputs under the key that nobody has, 64 bytes for each, in order: over HTTP the `evaluate` of `@phalanx/server`'s `MatchingClient`. */
export type Evaluate = (inputs: readonly Uint8Array[]) => Promise<readonly Uint8Array[]>;

/** What a lab hands to the collector in a round, and what it keeps to recognise what comes back. */
export interface SealedLinks {
  readonly sealed: readonly SealedSighting[];
  /** Labels by tag in hexadecimal; stays in the lab. */
  readonly labelsOfTag: ReadonlyMap<string, readonly number[]>;
  /** Tags by `nameOfValue`; stays in the lab. */
  readonly tagOfValue: ReadonlyMap<string, Uint8Array>;
}

/**
 * Has values evaluated by a quorum of key servers and sealed for the collector. Exactly `terms.entries` of them: what is missing is filled
 * with random device tokens, which go the same way, so that neither key servers nor collector can tell them from values. No sighting says
 * how often or when: the decade is 0, the day that of the round.
 *
 * @throws PhalanxError `COALITION_LIMIT` for more values than entries, and what `evaluate` throws
 */
export async function sealLinks(
  values: readonly LinkValue[],
  place: number,
  day: number,
  terms: JointTerms,
  evaluate: Evaluate,
): Promise<SealedLinks> {
  if (values.length > terms.entries)
    refuse('COALITION_LIMIT', `${values.length} values`, `At most ${terms.entries} a round.`);
  const filling = Array.from(
    { length: terms.entries - values.length },
    (): LinkValue => ({
      valueClass: 'device',
      value: utf8(toHex(randomBytes(16))),
      detail: new Uint8Array(0),
      labels: [],
    }),
  );
  const all = shuffled([...values, ...filling]);
  const inputs = all.map(({ valueClass, value }) => matchingInput(valueClass, terms.epoch, value));
  const outputs = await evaluate(inputs);
  const reveal = { epoch: terms.epoch, threshold: terms.threshold };
  const labelsOfTag = new Map<string, readonly number[]>();
  const tagOfValue = new Map<string, Uint8Array>();
  const sealed = outputs.map((output, i): SealedSighting => {
    const { valueClass, value, detail, labels } = all[i]!;
    const sighting: Sighting = { valueClass, value, day, decade: 0, detail };
    const one = sealSighting(output, reveal, place, sighting);
    if (labels.length > 0) {
      labelsOfTag.set(toHex(one.tag), labels);
      tagOfValue.set(nameOfValue(all[i]!), one.tag);
    }
    return one;
  });
  return { sealed, labelsOfTag, tagOfValue };
}

/** In an order that says nothing of which are filling. */
function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, rank: toHex(randomBytes(16)) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ item }) => item);
}
