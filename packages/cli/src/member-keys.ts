import { createPublicKey } from 'node:crypto';
import type { SignerKey } from '@phalanx/coalition';
import { readPublicIdentity } from './coalition-identity.js';

/**
 * Keys that sign objects, by their names, of what `phalanx coalition identity` printed for each member: names are thumbprints of the keys
 * (RFC 7638).
 *
 * @throws PhalanxError `CLI_FILE`, `COALITION_IDENTITY`
 */
export async function readMemberKeys(paths: readonly string[]): Promise<ReadonlyMap<string, SignerKey>> {
  const { readPublicJwk, thumbprintOf } = await import('@phalanx/coalition/identity');
  const keys = new Map<string, SignerKey>();
  for (const path of paths) {
    const { identity, clientKey, signingKey } = readPublicIdentity(path);
    const x = Buffer.from(signingKey, 'base64').toString('base64url');
    for (const value of [clientKey, { kty: 'OKP', crv: 'Ed25519', x }]) {
      const jwk = readPublicJwk(value);
      const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
      keys.set(await thumbprintOf(jwk), { publicKey, identity });
    }
  }
  return keys;
}
