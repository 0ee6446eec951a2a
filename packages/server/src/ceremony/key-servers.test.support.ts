import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { toBase64 } from '@phalanx/core';
import { rawPublicKey } from './hpke.js';
import type { KeyRoster } from './key-roster.js';

export interface MadeServer {
  readonly number: number;
  readonly member: string;
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
}

/** A roster and the keys that belong to it. Members are `key-1`, `key-2` ... */
export function makeRoster(
  threshold: number,
  count: number,
  urlOf: (number: number) => string = (number) => `https://key-${number}.example`,
): { readonly roster: KeyRoster; readonly servers: readonly MadeServer[] } {
  const made = Array.from({ length: count }, (_, i) => {
    const [signing, sealing] = [generateKeyPairSync('ed25519'), generateKeyPairSync('x25519')];
    const number = i + 1;
    return {
      server: {
        number,
        member: `key-${number}`,
        signingKey: signing.privateKey,
        sealingKey: sealing.privateKey,
      },
      entry: {
        number,
        member: `key-${number}`,
        url: urlOf(number),
        signingKey: toBase64(rawPublicKey(signing.publicKey)),
        sealingKey: toBase64(rawPublicKey(sealing.publicKey)),
      },
    };
  });
  return {
    roster: { type: 'phalanx-key-roster-v1', threshold, servers: made.map(({ entry }) => entry) },
    servers: made.map(({ server }) => server),
  };
}
