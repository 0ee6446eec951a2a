import type { Json } from '@phalanx/core';
import { refuse } from '../../coalition-error.js';
import { asRecord } from '../../stix/stix-object.js';
import { formatCheckpoint, parseCheckpoint, type ReadCheckpoint } from '../client/read-checkpoint.js';

/** Up to where one collection was mirrored into another. */
export interface MirrorState {
  readonly checkpoint: ReadCheckpoint | null;
  /** Ids of objects that were read and wait for a key or a marking. They are asked for again each time. */
  readonly waiting: readonly string[];
}

/** Where the state is kept. `save` resolves when it is durable. */
export interface MirrorStateKeeper {
  load(): Promise<Json | null>;
  save(state: Json): Promise<void>;
}

/** What waits is asked for in ten requests at most. */
export const MAX_WAITING = 400;

export function formatMirrorState({ checkpoint, waiting }: MirrorState): Json {
  return { version: 1, checkpoint: checkpoint === null ? null : formatCheckpoint(checkpoint), waiting };
}

/** @throws PhalanxError `COALITION_TAXII` for what `formatMirrorState` did not write */
export function parseMirrorState(json: Json | null): MirrorState {
  if (json === null) return { checkpoint: null, waiting: [] };
  const { version, checkpoint, waiting } = asRecord(json) ?? {};
  const isList = Array.isArray(waiting) && waiting.every((id) => typeof id === 'string' && id.length <= 300);
  if (version !== 1 || checkpoint === undefined || !isList) {
    return refuse('COALITION_TAXII', 'no state of a mirror', 'begin anew without one');
  }
  return {
    checkpoint: checkpoint === null ? null : parseCheckpoint(checkpoint),
    waiting: waiting.slice(0, MAX_WAITING) as string[],
  };
}
