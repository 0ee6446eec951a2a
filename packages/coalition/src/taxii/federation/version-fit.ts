import { PREVIOUS_VERSION } from '../../stix/extensions/previous-version.js';
import { digestObject } from '../../stix/object-digest.js';
import { asRecord, type StixObject } from '../../stix/stix-object.js';
import { parseTimestamp } from '../../stix/timestamp.js';

/**
 * What speaks against taking a version beside those that are known of the same object; null for nothing.
 *
 * Hubs meet versions in any order and with gaps, so that the head of a chain alone (`appendVersion`) does not decide. Of an honest chain
 * every part fits in every order, so that hubs agree in the end: it has one maker and time of creation, no time twice, nothing after a
 * revocation, and each version names the digest of the one before, or of one that is not known.
 *
 * @param isChained whether the maker signs: then all versions but the first name the one before
 */
export function findMisfit(
  object: StixObject,
  known: readonly StixObject[],
  isChained: boolean,
): string | null {
  if (typeof object.modified !== 'string' || known.length === 0) return null;
  if (
    known.some(
      ({ created, created_by_ref: maker }) => created !== object.created || maker !== object.created_by_ref,
    )
  ) {
    return 'another maker or time of creation than its other versions';
  }
  const links = [...known, object].map(makeLink);
  const sorted = links.sort((a, b) => (a.us < b.us ? -1 : a.us > b.us ? 1 : 0));
  const digests = new Set(sorted.map(({ digest }) => digest));
  for (const [at, later] of sorted.entries()) {
    const earlier = sorted[at - 1];
    if (earlier === undefined) {
      if (later.previous !== null && digests.has(later.previous))
        return 'a version that continues a later one';
      continue;
    }
    if (earlier.us === later.us) return 'the time of another version';
    if (earlier.isRevoked) return 'a version after its revocation';
    if (later.previous === null) {
      if (isChained) return 'a version that does not name the one before';
    } else if (later.previous !== earlier.digest && digests.has(later.previous)) {
      return 'a version that continues another than the one before: a fork';
    }
  }
  const named = sorted.flatMap(({ previous }) => previous ?? []);
  return new Set(named).size < named.length ? 'a version that continues the same as another: a fork' : null;
}

interface Link {
  readonly us: bigint;
  readonly digest: string;
  /** Digest of the version before, as it says. */
  readonly previous: string | null;
  readonly isRevoked: boolean;
}

function makeLink(object: StixObject): Link {
  const previous = asRecord(asRecord(object.extensions)?.[PREVIOUS_VERSION.id])?.digest;
  return {
    us: parseTimestamp(String(object.modified)) ?? 0n,
    digest: digestObject(object),
    previous: typeof previous === 'string' ? previous : null,
    isRevoked: object.revoked === true,
  };
}
