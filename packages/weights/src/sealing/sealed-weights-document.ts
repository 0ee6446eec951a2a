import { z } from 'zod';
import { SignedLease, SignedWithdrawal } from './approval.js';
import { PacedManifest } from './paced-container.js';

/** Every document of docs/spec/sealed-weights.md, told apart by `schema`: its JSON Schema is made of this. */
export const SealedWeightsDocument = z.discriminatedUnion('schema', [
  PacedManifest,
  SignedLease,
  SignedWithdrawal,
]);
