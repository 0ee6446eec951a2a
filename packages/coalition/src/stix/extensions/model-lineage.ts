import { type ExtensionType, LINE, refsTo, SHA256 } from './extension-type.js';

/** Whether one file of weights descends from another. The reference is a commitment; the suspect are published files. */
export const MODEL_LINEAGE: ExtensionType = {
  id: 'extension-definition--85702155-57c7-487e-a154-0021befb5ffa',
  kind: 'new-sdo',
  name: 'x-llm-model-lineage',
  description: 'Test of descent between a published model and the weights of a provider, which stay secret',
  properties: {
    suspect_refs: refsTo('file', 4096),
    reference_commitment: SHA256,
    method: LINE,
    verdict: {
      enum: [
        'derived',
        'derived-in-disguise',
        'shared-randomness',
        'found-again-in-part',
        'nothing-shared-seen',
        'not-comparable',
      ],
    },
    // Of the exact test alone; 0 where it says nothing.
    p_value_log10: { type: 'number', maximum: 0 },
    // Effect size: share of hidden units that match themselves.
    share: { type: 'number', minimum: 0, maximum: 1 },
    null_model: LINE,
    tries: { type: 'integer', minimum: 1 },
    evidence_root: SHA256,
  },
  required: [
    'suspect_refs',
    'reference_commitment',
    'method',
    'verdict',
    'p_value_log10',
    'null_model',
    'tries',
  ],
};
