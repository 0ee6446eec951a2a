import { type Clock, systemClock } from '@phalanx/core';
import { findTlpLevel } from '../../stix/marking/tlp.js';
import { digestObject } from '../../stix/object-digest.js';
import type { SignerKey } from '../../stix/signed-object.js';
import type { StixObject } from '../../stix/stix-object.js';
import { listMarkings } from '../reader-judge.js';
import type { MirrorSource, MirrorTarget } from './mirror-ends.js';
import { formatMirrorState, MAX_WAITING, type MirrorStateKeeper, parseMirrorState } from './mirror-state.js';
import { judgeMarkings, judgeSigner } from './relay-verdict.js';
import { findMisfit } from './version-fit.js';

export interface MirrorSettings {
  readonly source: MirrorSource;
  readonly target: MirrorTarget;
  /** By key id: those whose objects are to be believed, of whatever hub. */
  readonly keys: ReadonlyMap<string, SignerKey>;
  readonly state: MirrorStateKeeper;
  /** Whether nobody can read objects on the way: IEP may ask for it. */
  readonly isEncrypted: boolean;
  readonly clock?: Clock;
}

/** What a mirroring came to. */
export interface MirrorReport {
  readonly read: number;
  readonly added: number;
  /** There already. */
  readonly present: number;
  /** Kept back by their markings. */
  readonly stayed: number;
  /** Not taken now; asked for again the next time. */
  readonly waiting: number;
  /** Not taken; of the first ones the id and the reason. */
  readonly refused: number;
  readonly reasons: readonly { readonly id: string; readonly why: string }[];
}

/** Reasons that are told. A stranger may cause as many as he likes. */
const MAX_REASONS = 100;

/**
 * Takes over what a collection has and another has not, of all that may go on:
 *
 * - valid objects alone (the source says), signed by their makers where these have keys, in versions that fit to those that are there;
 * - what its markings keep stays: see `judgeMarkings`;
 * - objects are durable before the state says so: after a crash some are read again, and are there already.
 *
 * Between hubs in any topology each object goes over each connection once: what is there is not added, and what was not added is not
 * passed on. Revocations travel, as new versions; deletions do not, since nobody is told of them.
 *
 * @throws what source, target and state throw; what was done so far stays done
 */
export async function mirrorCollection(settings: MirrorSettings): Promise<MirrorReport> {
  const run = new MirrorRun(settings);
  let { checkpoint, waiting } = parseMirrorState(await settings.state.load());
  if (waiting.length > 0) {
    waiting = await run.take(await settings.source.find(waiting), []);
    await settings.state.save(formatMirrorState({ checkpoint, waiting }));
  }
  for await (const page of settings.source.read(checkpoint)) {
    for (const { id, why } of page.refused) run.refuse(id ?? 'an object without id', why);
    waiting = await run.take(page.objects, waiting);
    checkpoint = page.checkpoint;
    await settings.state.save(formatMirrorState({ checkpoint, waiting }));
  }
  return { ...run.count, waiting: waiting.length, reasons: run.reasons };
}

class MirrorRun {
  readonly count = { read: 0, added: 0, present: 0, stayed: 0, refused: 0 };
  readonly reasons: { id: string; why: string }[] = [];
  readonly #settings: MirrorSettings;

  constructor(settings: MirrorSettings) {
    this.#settings = settings;
  }

  refuse(id: string, why: string): void {
    this.count.refused++;
    if (this.reasons.length < MAX_REASONS) this.reasons.push({ id, why });
  }

  /** Adds those of a page that may go on; returns what waits, with those that waited before. */
  async take(objects: readonly StixObject[], waiting: readonly string[]): Promise<readonly string[]> {
    const { target, clock = systemClock, isEncrypted } = this.#settings;
    this.count.read += objects.length;
    const known = groupById(await target.find([...new Set(objects.map(({ id }) => id))]));
    const { markings, fetched } = await this.#findMarkings(objects);
    const waits = new Set(waiting);
    const chosen: StixObject[] = [];
    // What marks others must be there before them.
    for (const object of [...fetched, ...objects]) {
      const versions = known.get(object.id) ?? [];
      const digest = digestObject(object);
      if (versions.some((version) => digestObject(version) === digest)) {
        this.count.present++;
        continue;
      }
      const signed = judgeSigner(object, this.#settings.keys);
      const marked =
        signed.verdict === 'go' ? judgeMarkings(object, markings, isEncrypted, clock.nowMs()) : signed;
      if (marked.verdict === 'go') {
        const misfit = this.#findMisfit(object, versions, signed.signer);
        if (misfit !== null) this.refuse(object.id, misfit);
        else {
          chosen.push(object);
          known.set(object.id, [...versions, object]);
        }
      } else if (marked.verdict === 'stay') this.count.stayed++;
      else if (marked.verdict === 'refuse') this.refuse(object.id, marked.why);
      else this.#wait(object.id, marked.why, waits);
    }
    for (const [at, { outcome, why }] of (await target.add(chosen)).entries()) {
      const { id } = chosen[at]!;
      if (outcome === 'added') this.count.added++;
      else if (outcome === 'present') this.count.present++;
      else if (outcome === 'open') this.#wait(id, why, waits);
      else this.refuse(id, why);
    }
    return [...waits];
  }

  /** Versions by another signer, or by none where this one is signed, are no part of its chain; unsigned ones beside signed are refused. */
  #findMisfit(object: StixObject, versions: readonly StixObject[], signer: string | null): string | null {
    const signers = versions.map((version) => judgeSigner(version, this.#settings.keys).signer);
    if (signer === null && signers.some((other) => other !== null))
      return 'not signed, as its other versions are';
    const own = versions.filter((_, at) => signers[at] === signer);
    return findMisfit(object, own, signer !== null);
  }

  #wait(id: string, why: string, waits: Set<string>): void {
    if (waits.size < MAX_WAITING) waits.add(id);
    else if (!waits.has(id)) this.refuse(id, `${why}; too many wait already`);
  }

  /** Markings that objects need, as the target has them, else the page, else the source. A later text under the same id changes nothing. */
  async #findMarkings(objects: readonly StixObject[]): Promise<{
    readonly markings: ReadonlyMap<string, StixObject>;
    /** Of these, what stands elsewhere in the source. */
    readonly fetched: readonly StixObject[];
  }> {
    const { source, target, keys } = this.#settings;
    const needed = [...new Set(objects.flatMap(listMarkings))].filter((id) => findTlpLevel(id) === null);
    const markings = new Map<string, StixObject>();
    const keep = (found: readonly StixObject[]) => {
      for (const marking of found) {
        const isSound = marking.type === 'marking-definition' && judgeSigner(marking, keys).verdict === 'go';
        if (isSound && !markings.has(marking.id)) markings.set(marking.id, marking);
      }
    };
    if (needed.length > 0) keep(await target.find(needed));
    keep(objects.filter(({ id }) => needed.includes(id)));
    const missing = needed.filter((id) => !markings.has(id));
    if (missing.length > 0) keep(await source.find(missing));
    return { markings, fetched: missing.flatMap((id) => markings.get(id) ?? []) };
  }
}

function groupById(objects: readonly StixObject[]): Map<string, StixObject[]> {
  const groups = new Map<string, StixObject[]>();
  for (const object of objects) groups.set(object.id, [...(groups.get(object.id) ?? []), object]);
  return groups;
}
