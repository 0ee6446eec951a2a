import type { StixObject } from '../../stix/stix-object.js';
import type { ReadCheckpoint } from '../client/read-checkpoint.js';
import type { RefusedItem } from '../client/taxii-client.js';

/** A collection that is read: of another server (`readRemote`) or of a store (`readStore`). */
export interface MirrorSource {
  /** Objects in all their versions, in the order of their addition; those that are no valid STIX apart. */
  read(since: ReadCheckpoint | null): AsyncIterable<SourcePage>;
  /** All versions of these objects; none for those that are not there. */
  find(ids: readonly string[]): Promise<readonly StixObject[]>;
}

export interface SourcePage {
  readonly objects: readonly StixObject[];
  readonly refused: readonly RefusedItem[];
  readonly checkpoint: ReadCheckpoint;
}

/** A collection that is added to: of a store (`writeStore`) or of another server (`writeRemote`). */
export interface MirrorTarget {
  /** All versions that are there of these objects, as far as they may be read. */
  find(ids: readonly string[]): Promise<readonly StixObject[]>;
  /** Resolves when what was added is durable; one result for each object. */
  add(objects: readonly StixObject[]): Promise<readonly TargetResult[]>;
}

export interface TargetResult {
  /** `differs`: the same version is there with another text. `open`: nobody knows, ask again. */
  readonly outcome: 'added' | 'present' | 'differs' | 'refused' | 'open';
  /** For what was not taken. */
  readonly why: string;
}
