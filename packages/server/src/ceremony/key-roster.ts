import { createHash } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import type { CoalitionErrorCode } from '@phalanx/coalition';
import { MAX_SERVERS } from '@phalanx/coalition/matching';
import { canonicalJson, PhalanxError, utf8 } from '@phalanx/core';

const rawKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, '32 bytes of base64');

/**
 * Who makes keys, agreed by all parties outside of this program: labs, key servers and the hub have the same file, and refuse what is
 * not signed by whom it names.
 */
export const keyRosterSchema = z
  .strictObject({
    type: z.literal('phalanx-key-roster-v1'),
    /** How many servers must take part in an evaluation; more than half. */
    threshold: z.int().min(1).max(MAX_SERVERS),
    servers: z
      .array(
        z.strictObject({
          /** 1, 2, 3 ... in order. */
          number: z.int().min(1).max(MAX_SERVERS),
          /** Whom the hub knows it as. */
          member: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
          url: z.url({ protocol: /^https?$/ }).max(256),
          /** Ed25519, 32 bytes: what it says is signed by this. */
          signingKey: rawKey,
          /** X25519, 32 bytes: what is said to it alone is sealed to this. */
          sealingKey: rawKey,
        }),
      )
      .min(1)
      .max(MAX_SERVERS),
  })
  .openapi('KeyRoster');
export type KeyRoster = z.infer<typeof keyRosterSchema>;
export type RosterEntry = KeyRoster['servers'][number];

/**
 * Reads a roster.
 *
 * @throws PhalanxError `COALITION_MATCHING` when it does not fit, a number, member or key stands there twice, or half of the servers would suffice
 */
export function parseKeyRoster(text: string): KeyRoster {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw rosterError('it is not JSON', cause);
  }
  const read = keyRosterSchema.safeParse(value);
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    throw rosterError(`${path.join('.')}: ${message}`);
  }
  const { servers, threshold } = read.data;
  if (!servers.every(({ number }, i) => number === i + 1)) throw rosterError('numbers are not 1, 2, 3 ...');
  for (const field of ['member', 'signingKey', 'sealingKey'] as const)
    if (new Set(servers.map((server) => server[field])).size !== servers.length)
      throw rosterError(`a ${field} stands there twice`);
  if (threshold > servers.length || 2 * threshold <= servers.length)
    throw rosterError(`${threshold} of ${servers.length} is no majority`);
  return read.data;
}

/** SHA-256 of the roster's canonical JSON (RFC 8785): compare it by telephone. */
export function digestOfRoster(roster: KeyRoster): Uint8Array {
  return new Uint8Array(
    createHash('sha256')
      .update(utf8(canonicalJson(roster)))
      .digest(),
  );
}

function rosterError(what: string, cause?: unknown): PhalanxError<CoalitionErrorCode> {
  return new PhalanxError('COALITION_MATCHING', `roster of key servers: ${what}`, {
    advice: 'Get the file that all parties agreed on.',
    cause,
  });
}
