import { type ExtensionType, SHA256 } from './extension-type.js';

/** A signature over everything else of the object. */
export const OBJECT_SIGNATURE: ExtensionType = {
  id: 'extension-definition--4cb22f2e-e8a6-4e4c-b77a-2e7a806be30f',
  kind: 'property-extension',
  name: 'object-signature',
  description:
    'Detached JWS (RFC 7515 appendix F) over the RFC 8785 form of the object without this extension',
  properties: {
    // SHA-256 of the bytes signed.
    digest: SHA256,
    kid: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,128}$' },
    jws: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,512}\\.\\.[A-Za-z0-9_-]{86}$' },
    // Where the digest stands in the transparency log of the signer.
    log_index: { type: 'integer', minimum: 0 },
  },
  required: ['digest', 'kid', 'jws'],
};
