import { z } from 'zod';

/**
 * Why a group of accounts may rightly act as one. A declaration exempts its scope from "hidden pool" and, where it says
 * so, from "distillation campaign"; it is an assertion by the provider's own staff, never by the customer alone.
 */
export const Declaration = z.enum([
  /** Resells access to many end users and passes their pseudonyms. */
  'aggregator',
  /** A class, a campus, a workshop: strangers with one task list. */
  'class',
  /** One organisation's own fleet of keys. */
  'fleet',
  /** Evaluation or red-team runs. */
  'evaluation',
  /** Distillation under contract. */
  'licensed-distillation',
]);
export type Declaration = z.infer<typeof Declaration>;

/** What the provider knows of a customer besides its traffic. Every field but the id may be absent. */
export const Account = z.object({
  accountId: z.string().min(1).max(512),
  organisationId: z.string().max(512).optional(),
  createdAtMs: z.number().int().min(0).optional(),
  /** Opaque fingerprint of the payment instrument; never the number. */
  paymentFingerprint: z.string().max(512).optional(),
  signupIp: z.string().max(64).optional(),
  signupDevice: z.string().max(512).optional(),
  emailDomain: z.string().max(255).optional(),
  /** Special access: education, research, startup. */
  programme: z.string().max(64).optional(),
  declaration: Declaration.optional(),
});
export type Account = z.infer<typeof Account>;
