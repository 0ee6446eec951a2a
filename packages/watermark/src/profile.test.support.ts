import type { ProfileInput } from './profile.js';

/** A profile of `phalanx-gumbel` that other tests vary. */
export const profileInput: ProfileInput = {
  dialect: 'phalanx-gumbel',
  parameters: { contextWidth: 4 },
  keyId: '00112233445566778899aabbccddeeff',
  model: 'example-7b',
  tokenizerSha256: 'ab'.repeat(32),
  vocabularySize: 32_000,
  sampling: { temperature: null, topK: 64, topP: 1, deduplicateContexts: 'single_turn', history: 8192 },
  validFromMs: 1_790_000_000_000,
  validUntilMs: 1_800_000_000_000,
};
