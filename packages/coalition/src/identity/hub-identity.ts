import type { TokenIssuer } from './access-token.js';
import type { MemberDirectory } from './member-directory.js';
import type { NonceStore } from './nonce-store.js';

/** What a hub needs to know who asks. */
export interface HubIdentity extends TokenIssuer {
  readonly members: MemberDirectory;
  readonly nonces: NonceStore;
  /** 32 secret bytes, the same in all processes of the hub: nonces for DPoP. */
  readonly dpopSecret: Uint8Array;
  /** Learns why somebody was refused, which whoever asked does not. */
  readonly log: (refusal: Refusal) => void;
}

/** That somebody was refused. Texts are ours alone: nothing that was sent is in it. */
export interface Refusal {
  readonly reason: string;
  readonly remoteAddress: string;
}
