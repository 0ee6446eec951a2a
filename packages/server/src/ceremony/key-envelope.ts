import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { MAX_KEY_TEXT, MAX_SERVERS } from '@phalanx/coalition/matching';
import { canonicalJson, concatBytes, fromBase64, fromUtf8, toBase64, utf8 } from '@phalanx/core';
import { openFrom, sealTo } from './hpke.js';
import { digestOfRoster, type KeyRoster } from './key-roster.js';

/** Steps of making a key, in order. In the last one each server says which key it has, with its share on disk. */
export const KEY_STEPS = ['promise', 'dealing', 'complaint', 'answer', 'ready'] as const;
export type KeyStep = (typeof KEY_STEPS)[number];
/** `restart`: a server lost what it had, or heard two things; all begin again. */
export const ENVELOPE_STEPS = [...KEY_STEPS, 'restart'] as const;

const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const SIGNATURE_LABEL = utf8('phalanx-key-envelope-v1\0');
const SEAL_INFO = utf8('phalanx-key-piece-v1');

/** What a key server says to another, or to all, through a hub that it does not trust. */
export const keyEnvelopeSchema = z
  .strictObject({
    type: z.literal('phalanx-key-envelope-v1'),
    epoch: z.int().min(0).max(0xffffffff),
    attempt: z.int().min(1).max(0x7fffffff),
    step: z.enum([...ENVELOPE_STEPS, 'piece']),
    from: z.int().min(1).max(MAX_SERVERS),
    /** 0: all. */
    to: z.int().min(0).max(MAX_SERVERS),
    /** A message of `private-matching.md`, as text; a `piece` is sealed. */
    body: z.string().max(4 * MAX_KEY_TEXT),
    /** Ed25519, base64. */
    signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
  })
  .openapi('KeyEnvelope');
export type KeyEnvelope = z.infer<typeof keyEnvelopeSchema>;
export type UnsignedEnvelope = Omit<KeyEnvelope, 'type' | 'signature'>;

/** Signs what a server of this roster says. */
export function signEnvelope(roster: KeyRoster, key: KeyObject, unsigned: UnsignedEnvelope): KeyEnvelope {
  const envelope = { type: 'phalanx-key-envelope-v1' as const, ...unsigned };
  return { ...envelope, signature: toBase64(sign(null, signedBytes(roster, envelope), key)) };
}

/** Whether the server that it names has said it, under this roster. */
export function verifyEnvelope(roster: KeyRoster, { signature, ...envelope }: KeyEnvelope): boolean {
  const server = roster.servers.find(({ number }) => number === envelope.from);
  if (server === undefined) return false;
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI, fromBase64(server.signingKey)]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, signedBytes(roster, envelope), key, fromBase64(signature));
  } catch {
    return false;
  }
}

/** Seals a piece to the server that it is for. `place` is in the seal, so that it cannot be put elsewhere. */
export function sealBody(roster: KeyRoster, place: Omit<UnsignedEnvelope, 'body'>, text: string): string {
  const { sealingKey } = roster.servers.find(({ number }) => number === place.to)!;
  const { enc, box } = sealTo(fromBase64(sealingKey), SEAL_INFO, placeBytes(roster, place), utf8(text));
  return toBase64(concatBytes([enc, box]));
}

/** Opens a piece; null when it is not for this key or place. */
export function openBody(roster: KeyRoster, key: KeyObject, envelope: KeyEnvelope): string | null {
  const { type: _, signature: __, body, ...place } = envelope;
  try {
    const bytes = fromBase64(body);
    const message = { enc: bytes.subarray(0, 32), box: bytes.subarray(32) };
    const opened = openFrom(key, SEAL_INFO, placeBytes(roster, place), message);
    return opened === null ? null : fromUtf8(opened);
  } catch {
    return null;
  }
}

function signedBytes(roster: KeyRoster, envelope: Omit<KeyEnvelope, 'signature'>): Uint8Array {
  return concatBytes([SIGNATURE_LABEL, digestOfRoster(roster), utf8(canonicalJson(envelope))]);
}

function placeBytes(roster: KeyRoster, { epoch, attempt, step, from, to }: Omit<UnsignedEnvelope, 'body'>) {
  return concatBytes([digestOfRoster(roster), utf8(canonicalJson({ epoch, attempt, step, from, to }))]);
}
