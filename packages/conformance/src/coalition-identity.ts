import { checkCertificates } from './identity-certificates.js';
import { checkSignatures } from './identity-signatures.js';
import { checkTokens } from './identity-tokens.js';
import type { Suite } from './suite.js';

export const coalitionIdentity: Suite = {
  name: 'coalition-identity',
  what: 'who asks a hub: signed requests, tokens and certificates against published vectors and the software of others, both ways',
  async run(checks) {
    await checkSignatures(checks);
    await checkTokens(checks);
    await checkCertificates(checks);
  },
};
