import { setImmediate } from 'node:timers/promises';
import type { Json } from '@phalanx/core';
import type { Recipient } from '../stix/marking/marking-verdict.js';
import { redactObject } from '../stix/marking/redact-object.js';
import { findTlpLevel } from '../stix/marking/tlp.js';
import { asRecord, asTexts, type StixObject } from '../stix/stix-object.js';
import { isDecided } from './reader-sight.js';
import type { Reader, StoredObject, TaxiiStore } from './taxii-store.js';

/** Objects that are judged between two breaths of the process: ten milliseconds. */
const AT_ONCE = 100;

/** What one reader may see of the objects of one collection, for the time of one request. */
export class ReaderJudge {
  readonly #store: TaxiiStore;
  readonly #collectionId: string;
  readonly #reader: Reader;
  readonly #recipient: Recipient;
  readonly #markings = new Map<string, StixObject>();
  readonly #asked = new Set<string>();

  constructor(store: TaxiiStore, collectionId: string, reader: Reader, recipient: Recipient) {
    this.#store = store;
    this.#collectionId = collectionId;
    this.#reader = reader;
    this.#recipient = recipient;
  }

  /** The text of each object as the reader may have it; null for those that are held back. */
  async judge(rows: readonly StoredObject[]): Promise<(string | null)[]> {
    const texts: (string | null)[] = [];
    for (let at = 0; at < rows.length; at += AT_ONCE) {
      const some = rows.slice(at, at + AT_ONCE);
      const open = some.filter((row) => !isDecided(row, this.#reader));
      if (at > 0 && open.length > 0) await setImmediate();
      const objects = open.map(({ json }) => JSON.parse(json) as StixObject);
      await this.#learnMarkings(objects.flatMap(listMarkings));
      const judged = objects.values();
      texts.push(
        ...some.map((row) =>
          isDecided(row, this.#reader) ? row.json : this.#redact(row, judged.next().value!),
        ),
      );
    }
    return texts;
  }

  #redact({ json }: StoredObject, object: StixObject): string | null {
    const left = redactObject(object, this.#markings, this.#recipient);
    if (left === object) return json;
    return left === null ? null : JSON.stringify(left);
  }

  async #learnMarkings(ids: readonly string[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => findTlpLevel(id) === null && !this.#asked.has(id));
    if (unknown.length === 0) return;
    for (const id of unknown) this.#asked.add(id);
    for (const text of await this.#store.findMarkings(this.#collectionId, unknown)) {
      const marking = JSON.parse(text) as StixObject;
      this.#markings.set(marking.id, marking);
    }
  }
}

/** Ids of all markings of an object and of its parts. */
export function listMarkings(object: StixObject): string[] {
  const granular = Array.isArray(object.granular_markings)
    ? (object.granular_markings as readonly Json[])
    : [];
  const refs = granular.map((marking) => asRecord(marking)?.marking_ref);
  return [...asTexts(object.object_marking_refs), ...refs.filter((ref) => typeof ref === 'string')];
}
