import type { StixObject } from '@phalanx/coalition';
import type { RetractionFeed } from '@phalanx/coalition/trust';
import type { PeerClient } from './peer-client.js';
import { retractionsSchema } from './retraction-routes.js';

/** 500 objects of at most a mebibyte would be too many at once; a hub's page ends before. */
const MAX_TEXT = 64 * 1_048_576;

/**
 * The feed of a hub over HTTP.
 *
 * @param waitMs how long the hub waits for a retraction where there is none, at most 25,000
 */
export function openRemoteFeed(hub: PeerClient, waitMs = 0): RetractionFeed {
  return {
    read: async (afterSeq) => {
      const path = `/coalition/v1/retractions?after=${afterSeq}&waitMs=${waitMs}`;
      const page = (await hub.ask('GET', path, { schema: retractionsSchema, mostText: MAX_TEXT }))!;
      const retractions = page.retractions.map(({ seq, object }) => ({ seq, object: object as StixObject }));
      return { retractions, upTo: page.upTo };
    },
    acknowledge: async (seq) => {
      await hub.call('POST', '/coalition/v1/retractions/acknowledgement', JSON.stringify({ seq }));
    },
  };
}
