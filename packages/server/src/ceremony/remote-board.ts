import type { PeerClient } from '../hub/peer-client.js';
import type { CeremonyBoard } from './ceremony-participant.js';
import { ceremonyViewSchema, envelopesSchema } from './ceremony-routes.js';

/** 32 dealings and as many pieces. */
const MAX_TEXT = 4 * 1_048_576;

/** The board of a hub over HTTP. */
export function openRemoteBoard(hub: PeerClient): CeremonyBoard {
  const pathOf = (epoch: number) => `/coalition/v1/keys/${epoch}/ceremony`;
  return {
    view: async (epoch) => (await hub.ask('GET', pathOf(epoch), { schema: ceremonyViewSchema }))!,
    post: async (envelopes) => {
      const { epoch } = envelopes[0]!;
      const body = JSON.stringify({ envelopes });
      return (await hub.ask('POST', pathOf(epoch), { schema: ceremonyViewSchema }, body))!;
    },
    list: async (epoch, attempt, step) => {
      const answer = { schema: envelopesSchema, mostText: MAX_TEXT };
      return (await hub.ask('GET', `${pathOf(epoch)}/${attempt}/${step}`, answer))?.envelopes ?? null;
    },
  };
}
