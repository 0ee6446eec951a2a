import { type ExtensionType, SHA256 } from './extension-type.js';

/** Fingerprint of a prompt template: what two labs compare instead of prompts. */
export const PROMPT_FINGERPRINT: ExtensionType = {
  id: 'extension-definition--bc141654-fd17-4583-8aac-d7364e7b7181',
  kind: 'new-sco',
  name: 'x-llm-prompt-fingerprint',
  description: 'Fingerprint of a prompt template that is sent to a language model, without its text',
  properties: {
    algorithm: { enum: ['phalanx-template-1', 'minhash-128', 'simhash-64', 'tlsh'] },
    // Key commitment, shingle width, seeds: two fingerprints compare if and only if these are equal.
    params_digest: SHA256,
    digest: { type: 'string', minLength: 16, maxLength: 2048, pattern: '^([0-9a-f]{2})+$' },
    band_tokens: {
      type: 'array',
      minItems: 1,
      maxItems: 64,
      items: { type: 'string', pattern: '^[0-9a-f]{16,128}$' },
    },
  },
  required: ['algorithm', 'params_digest', 'digest'],
};
