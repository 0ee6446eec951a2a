import type { ExtensionType } from './extension-type.js';

/** A value that nobody can read, equal wherever the same value was seen in the same epoch. */
export const OPRF_TOKEN: ExtensionType = {
  id: 'extension-definition--7afbdf0e-d3a5-416f-9e0b-d820d3826f11',
  kind: 'new-sco',
  name: 'x-oprf-token',
  description: 'Output of an oblivious pseudo-random function (RFC 9497) on a value that is not shared',
  properties: {
    suite: { enum: ['ristretto255-SHA512', 'P256-SHA256'] },
    key_epoch: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
    value_class: { enum: ['payment-bin8', 'email', 'ip', 'device', 'template-band'] },
    token: { type: 'string', pattern: '^[0-9a-f]{32,128}$' },
  },
  required: ['suite', 'key_epoch', 'value_class', 'token'],
};
