import type { NewObject, Reader } from './taxii-store.js';

type Marked = Pick<NewObject, 'clearance' | 'createdByRef'>;

/** Whether a reader may see an object whole, without a look at its markings. Null: the hub itself. */
export function isDecided({ clearance, createdByRef }: Marked, reader: Reader | null): boolean {
  return (
    reader === null ||
    (clearance !== null && clearance <= reader.clearance) ||
    createdByRef === reader.identity
  );
}

/** Whether an object may be there for a reader, as far as can be said without a look at its markings. */
export function isThere(object: Marked, reader: Reader | null): boolean {
  return object.clearance === null || isDecided(object, reader);
}
