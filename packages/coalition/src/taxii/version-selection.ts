import type { VersionQuery } from './taxii-store.js';

/** What of a stored object its choice by version depends on. */
export interface Versioned {
  readonly specVersion: string;
  readonly versionUs: number;
}

/**
 * Versions of one object that a query chooses (TAXII 2.1 section 3.4.1): by specification version, then of these by version.
 * Only what `displaces` makes another version not the first, not the last or not of the latest specification version.
 */
export function selectVersions<T extends Versioned>(
  versions: readonly T[],
  query: VersionQuery,
  displaces: (version: T) => boolean = () => true,
): T[] {
  const counting = versions.filter(displaces);
  const latest = counting.reduce((most, { specVersion }) => (specVersion > most ? specVersion : most), '');
  const isOfSpec = ({ specVersion }: T) => query.specVersions?.includes(specVersion) ?? specVersion >= latest;
  const counted = counting.filter(isOfSpec).map(({ versionUs }) => versionUs);
  const bounds = { first: Math.min(...counted), last: Math.max(...counted) };
  return versions.filter(isOfSpec).filter(({ versionUs }) =>
    query.versions.some((wanted) => {
      if (wanted === 'all') return true;
      if (wanted === 'first') return versionUs <= bounds.first;
      return wanted === 'last' ? versionUs >= bounds.last : wanted === versionUs;
    }),
  );
}
