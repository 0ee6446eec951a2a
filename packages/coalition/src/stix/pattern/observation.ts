import { refuse } from '../../coalition-error.js';
import { STIX_LIMITS } from '../stix-limits.js';
import { asRecord, asTexts, type StixObject } from '../stix-object.js';
import { parseTimestamp } from '../timestamp.js';

/** What was seen at one time: an `observed-data` object with the observables that it names. */
export interface Observation {
  /** Microseconds since 1970. */
  readonly firstUs: bigint;
  /** Not before `firstUs`. */
  readonly lastUs: bigint;
  /** How often it was seen: so often it can serve in a match. At least 1. */
  readonly count: number;
  /** Observables by id, those named first before those that they name. */
  readonly objects: ReadonlyMap<string, StixObject>;
  /** Id of the `observed-data` object, or whatever else names the observation. */
  readonly id: string;
}

/**
 * The observations of a bundle: of each `observed-data` its `object_refs`, looked up among the objects (references that
 * lead nowhere are left out), or its deprecated dictionary `objects` (STIX 2.0 and section 4.14).
 *
 * @throws PhalanxError `COALITION_STIX` for one without count or times, or that ends before it begins;
 *   `COALITION_LIMIT` beyond `observations`
 */
export function readObservations(objects: readonly StixObject[]): Observation[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const observed = objects.filter((object) => object.type === 'observed-data');
  if (observed.length > STIX_LIMITS.observations) {
    refuse('COALITION_LIMIT', `${observed.length} observations`, 'match fewer at a time');
  }
  return observed.map((object) => {
    const { firstUs, lastUs, count } = readTimes(object);
    const dictionary = Object.entries(asRecord(object.objects) ?? {}).flatMap(
      ([id, member]): [string, StixObject][] => {
        const record = asRecord(member);
        return record === null ? [] : [[id, record as StixObject]];
      },
    );
    const named = asTexts(object.object_refs).flatMap((id): [string, StixObject][] => {
      const found = byId.get(id);
      return found === undefined ? [] : [[id, found]];
    });
    return { firstUs, lastUs, count, objects: new Map([...dictionary, ...named]), id: object.id };
  });
}

function readTimes(object: StixObject): { firstUs: bigint; lastUs: bigint; count: number } {
  const { first_observed: first, last_observed: last, number_observed: count } = object;
  const firstUs = typeof first === 'string' ? parseTimestamp(first) : null;
  const lastUs = typeof last === 'string' ? parseTimestamp(last) : null;
  if (firstUs === null || lastUs === null || lastUs < firstUs) {
    return refuse(
      'COALITION_STIX',
      `${object.id} has no times of observation`,
      'first_observed, last_observed',
    );
  }
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) {
    return refuse('COALITION_STIX', `${object.id} has no number_observed of at least 1`, 'say how often');
  }
  return { firstUs, lastUs, count };
}
