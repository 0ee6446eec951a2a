import { type ExtensionType, LINE, SHA256 } from './extension-type.js';

/** A mark found in what somebody publishes or serves. The key is never part of it, only a commitment to it. */
export const WATERMARK_DETECTION: ExtensionType = {
  id: 'extension-definition--f69dd1f7-61c3-46b7-93dc-f481a398cdf7',
  kind: 'new-sdo',
  name: 'x-llm-watermark-detection',
  description: 'Statistical test for the mark of a provider in texts, with its null and the number of tries',
  properties: {
    scheme: { type: 'string', pattern: '^[a-z0-9._-]{1,64}$' },
    key_commitment: SHA256,
    tokens_scored: { type: 'integer', minimum: 1 },
    statistic: LINE,
    // Effect size: how much more of the mark there is than the null expects.
    score: { type: 'number' },
    p_value_log10: { type: 'number', maximum: 0 },
    null_model: LINE,
    assumption: LINE,
    tries: { type: 'integer', minimum: 1 },
    detector_digest: SHA256,
    evidence_root: SHA256,
  },
  required: [
    'scheme',
    'key_commitment',
    'tokens_scored',
    'statistic',
    'score',
    'p_value_log10',
    'null_model',
    'tries',
  ],
};
