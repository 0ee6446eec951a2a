import { z } from '@hono/zod-openapi';

/** What a lab may still ask a key server for. */
export const quotaSchema = z.object({ epoch: z.int(), remaining: z.int().min(0) }).openapi('Quota');

export const termsSchema = z
  .object({
    epoch: z.int(),
    endsMs: z.int(),
    threshold: z.int(),
    /** Number of the lab that asks, under which it makes its shares. */
    place: z.int().min(1).max(255),
  })
  .openapi('MatchingTerms');

/** What level 2 tells one lab. `value` and `details` are base64. */
export const revealSchema = z
  .object({
    epoch: z.int(),
    shared: z.array(
      z.object({
        valueClass: z.string(),
        value: z.string(),
        labs: z.int().min(2),
        firstDay: z.int(),
        lastDay: z.int(),
        details: z.array(z.string()),
        isDisputed: z.boolean(),
      }),
    ),
    unopened: z.int(),
    false: z.int(),
  })
  .openapi('OwnReveal');
export type OwnRevealMessage = z.infer<typeof revealSchema>;
