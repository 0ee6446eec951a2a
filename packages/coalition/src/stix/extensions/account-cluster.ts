import { DAY, DECADE, type ExtensionType, refsTo } from './extension-type.js';

const SHARE = { type: 'number', minimum: 0, maximum: 1 };

/** Accounts that act as one: how many by decade, how they behave, never which. */
export const ACCOUNT_CLUSTER: ExtensionType = {
  id: 'extension-definition--98e957d2-542a-402d-bf0e-252c0344101b',
  kind: 'new-sdo',
  name: 'x-llm-account-cluster',
  description: 'Accounts of one provider that act as one hand: behaviour and orders of magnitude, no names',
  properties: {
    // 10 accounts at least: a smaller cluster would point at people.
    size_bucket: DECADE,
    request_bucket: DECADE,
    first_day: DAY,
    last_day: DAY,
    features: {
      type: 'object',
      minProperties: 1,
      properties: {
        template_reuse: SHARE,
        interarrival_cv: { type: 'number', minimum: 0, maximum: 100 },
        shared_egress: SHARE,
        coverage_entropy: SHARE,
        log10_e_coordination: { type: 'number', minimum: -1000, maximum: 1_000_000 },
        log10_e_demand: { type: 'number', minimum: -1000, maximum: 1_000_000 },
        pools_examined: { type: 'integer', minimum: 1 },
      },
      additionalProperties: false,
    },
    fingerprint_refs: refsTo('x-llm-prompt-fingerprint', 256),
    token_refs: refsTo('x-oprf-token', 256),
  },
  required: ['size_bucket', 'first_day', 'last_day', 'features'],
};
