import { GROUPS } from './commitment.js';
import type { Observation } from './observation.js';
import {
  type AccountKeys,
  BoxKind,
  type OpenedExchange,
  type OpeningBox,
  openBox,
  sealBox,
} from './opening-box.js';
import type { OpeningBatch } from './opening-file.js';

/** Two keys an account and day, because text is destroyed sooner than the rest. */
export interface RecordKeys {
  readonly rest: AccountKeys;
  readonly text: AccountKeys;
}

/** Bytes of values that one box holds; a single exchange may pass it. */
const BOX_BYTES = 1 << 22;
const DAY_MS = 86_400_000;
const PROMPT = GROUPS.indexOf('prompt');
const COMPLETION = GROUPS.indexOf('completion');

interface Placed {
  readonly place: number;
  readonly observation: Observation;
}

/** Openings of a batch, sealed under the keys of their accounts' days, which survive a loss of power when it resolves. */
export async function sealBatch(batch: readonly Observation[], keys: RecordKeys): Promise<OpeningBox[]> {
  const boxes: OpeningBox[] = [];
  for (const [dayStart, placed] of groupBy(placeAll(batch), ({ observation }) =>
    Math.floor(observation.atMs / DAY_MS),
  )) {
    const day = dayNumber(dayStart * DAY_MS);
    const seal = async (kind: BoxKind, accountKeys: AccountKeys, mine: readonly Placed[]): Promise<void> => {
      const accounts = groupBy(mine, ({ observation }) => observation.account);
      const found = await accountKeys.findOrMake([...accounts.keys()], day);
      let i = 0;
      for (const exchanges of accounts.values()) {
        const key = found[i++]!;
        for (const part of cutByBytes(exchanges)) {
          const box = sealBox(kind, key, day, part);
          if (box !== null) boxes.push(box);
        }
      }
    };
    await seal(BoxKind.REST, keys.rest, placed);
    await seal(
      BoxKind.TEXT,
      keys.text,
      placed.filter(({ observation: { values } }) => values[PROMPT] !== null || values[COMPLETION] !== null),
    );
  }
  return boxes;
}

/**
 * What can still be opened of a batch, by index. Text without the rest is left out: its salts are gone with the rest, and it proves
 * nothing.
 *
 * @throws PhalanxError `RECORD_CORRUPT`
 */
export async function openBatch(
  { first, boxes }: OpeningBatch,
  keys: RecordKeys,
  kinds: readonly BoxKind[],
  isWanted: (index: number) => boolean,
): Promise<Map<number, OpenedExchange>> {
  const found = new Map<number, OpenedExchange>();
  for (const box of boxes) {
    if (!kinds.includes(box.kind) || !box.places.some((place) => isWanted(first + place))) continue;
    const { rest, text } = keys;
    const key = await (box.kind === BoxKind.REST ? rest : text).findNamed(box.keyId, box.day);
    if (key === null) continue;
    for (const [i, exchange] of openBox(box, key.key).entries()) {
      const index = first + box.places[i]!;
      if (!isWanted(index)) continue;
      const known = found.get(index);
      found.set(index, known === undefined ? exchange : joinBoxes(known, exchange));
    }
  }
  for (const [index, { salts }] of found) if (salts.length === 0) found.delete(index);
  return found;
}

function joinBoxes(a: OpenedExchange, b: OpenedExchange): OpenedExchange {
  const [rest, text] = a.salts.length > 0 ? [a, b] : [b, a];
  return { id: rest.id, salts: rest.salts, values: rest.values.map((value, i) => value ?? text.values[i]!) };
}

function placeAll(batch: readonly Observation[]): Placed[] {
  return batch.map((observation, place) => ({ place, observation }));
}

function cutByBytes(observations: readonly Placed[]): Placed[][] {
  const parts: Placed[][] = [[]];
  let bytes = 0;
  for (const each of observations) {
    let size = 128;
    for (const value of each.observation.values) size += value?.length ?? 0;
    if (bytes > 0 && bytes + size > BOX_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(each);
    bytes += size;
  }
  return parts;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** A UTC day as yyyymmdd. */
function dayNumber(atMs: number): number {
  return Number(new Date(atMs).toISOString().slice(0, 10).replaceAll('-', ''));
}
