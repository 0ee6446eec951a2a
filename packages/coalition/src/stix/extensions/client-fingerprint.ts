import type { ExtensionType } from './extension-type.js';

/** How a client's software shows itself on the wire; on `network-traffic`. */
export const CLIENT_FINGERPRINT: ExtensionType = {
  id: 'extension-definition--c6524676-5b35-46ed-9d06-e7ae6076a543',
  kind: 'property-extension',
  name: 'client-fingerprint',
  description: 'TLS and HTTP fingerprints of a client, on network-traffic',
  properties: {
    ja3_hash: { type: 'string', pattern: '^[0-9a-f]{32}$' },
    ja4: { type: 'string', pattern: '^[a-z0-9]{10}_[0-9a-f]{12}_[0-9a-f]{12}$' },
    ja4h: { type: 'string', pattern: '^[a-z0-9]{12}_[0-9a-f]{12}_[0-9a-f]{12}_[0-9a-f]{12}$' },
    http2_fp: { type: 'string', pattern: '^[0-9a-zA-Z:;|,.]{1,400}$' },
  },
  required: [],
};
