import { DAY, type ExtensionType, SHA256 } from './extension-type.js';

/** What may be done with an object in the coalition; on a `marking-definition`, besides TLP and IEP. */
export const SHARING_POLICY: ExtensionType = {
  id: 'extension-definition--c9834cda-fa2e-4f44-8da6-a299baa375e7',
  kind: 'property-extension',
  name: 'sharing-policy',
  description:
    'Purpose, threshold, precision and end of what is shared in a coalition, on a marking-definition',
  properties: {
    purpose: { enum: ['model-theft-defence'] },
    min_labs: { type: 'integer', minimum: 1, maximum: 1000 },
    max_precision: { enum: ['day', 'week', 'month'] },
    retain_until: DAY,
    policy_digest: SHA256,
    counsel_approval_digest: SHA256,
  },
  required: ['purpose', 'retain_until', 'policy_digest'],
};
