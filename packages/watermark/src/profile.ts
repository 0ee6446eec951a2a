import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { canonicalJson, fromBase64, type Json, toBase64, utf8 } from '@phalanx/core';
import { z } from 'zod';
import { dialectOf } from './dialects/registry.js';
import { demand, refuse } from './watermark-error.js';

/** Longest signed profile that is read, in characters. */
export const MAX_PROFILE = 65_536;

const PURPOSE = 'phalanx-mark-profile-v1\n';
const Name = z.string().min(1).max(256);
const Digest = z.string().regex(/^[0-9a-f]{64}$/);
const AtMs = z.int().min(0);

/** How tokens are drawn. Null: as each request says. */
export const Sampling = z.strictObject({
  temperature: z.number().min(0).max(10).nullable(),
  /** Only the so many likeliest tokens may come; 0: all. */
  topK: z.int().min(0).max(1_000_000).nullable(),
  /** Only the likeliest tokens that together reach this probability may come; 1: all. */
  topP: z.number().gt(0).max(1).nullable(),
  /** Where a repeated context is looked for; a token after one is drawn without the mark. As vLLM defines them. */
  deduplicateContexts: z.enum(['none', 'single_turn', 'all']),
  /** Latest positions that are searched. */
  history: z.int().min(1).max(1_000_000),
});
export type Sampling = z.infer<typeof Sampling>;

/** What a deployment marks with, and all that a reader must know but the key. docs/spec/mark-profile.md. */
export const MarkProfile = z.strictObject({
  type: z.literal('phalanx-mark-profile-v1'),
  dialect: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** The dialect's own, defaults filled in. */
  parameters: z.record(z.string().max(64), z.union([z.string().max(256), z.number(), z.boolean(), z.null()])),
  /** Keyed function and its version; must be the dialect's. */
  prf: Name,
  /** `markKeyId` or `foreignKeyId`. */
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  model: Name,
  /** SHA-256 of the bytes of tokenizer.json. */
  tokenizerSha256: Digest,
  /** Numbers in a row of logits, which may be more than the tokenizer names. */
  vocabularySize: z
    .int()
    .min(2)
    .max(2 ** 24),
  sampling: Sampling,
  validFromMs: AtMs,
  /** First millisecond at which it is not used any more; null: open. */
  validUntilMs: AtMs.nullable(),
});
export type MarkProfile = z.infer<typeof MarkProfile>;

/** A profile with an Ed25519 signature (RFC 8032) over `phalanx-mark-profile-v1`, a line feed and its canonical JSON (RFC 8785). */
export const SignedMarkProfile = z.strictObject({
  profile: MarkProfile,
  /** Base64, 32 bytes. Says who claims to have signed; trust comes from elsewhere. */
  publicKey: z.string().length(44),
  /** Base64, 64 bytes. */
  signature: z.string().length(88),
});
export type SignedMarkProfile = z.infer<typeof SignedMarkProfile>;

/** What a profile is about to be used with; what is left out is not compared. */
export interface ProfileUse {
  readonly tokenizerSha256?: string;
  readonly vocabularySize?: number;
  readonly model?: string;
  readonly keyId?: string;
  readonly prf?: string;
  /** When tokens are, or were, generated. */
  readonly atMs?: number;
}

/**
 * Reads a profile strictly: unknown members, parameters that its dialect does not take or leaves to a default, and another
 * keyed function than the dialect's are refused.
 *
 * @throws PhalanxError `MARK_PROFILE`
 */
export function parseMarkProfile(value: unknown): MarkProfile {
  const parsed = MarkProfile.safeParse(value);
  if (!parsed.success) return refuseProfile(`it is not a mark profile: ${oneLine(parsed.error)}`);
  const profile = parsed.data;
  const dialect = dialectOf(profile.dialect);
  const parameters = dialect.parameters.safeParse(profile.parameters);
  if (!parameters.success)
    return refuseProfile(`its parameters are not those of ${profile.dialect}: ${oneLine(parameters.error)}`);
  if (canonicalJson(parameters.data as Json) !== canonicalJson(profile.parameters))
    return refuseProfile(`parameters of ${profile.dialect} are missing, and defaults may change`);
  if (profile.prf !== dialect.prf)
    return refuseProfile(
      `its keyed function is ${profile.prf}, that of ${profile.dialect} is ${dialect.prf}`,
    );
  const { vocabulary = profile.vocabularySize } = profile.parameters;
  if (vocabulary !== profile.vocabularySize)
    return refuseProfile(`its lists are of ${vocabulary} tokens, its logits of ${profile.vocabularySize}`);
  if (profile.validUntilMs !== null && profile.validUntilMs <= profile.validFromMs)
    return refuseProfile('it ends before it begins');
  return profile;
}

/** What of a profile a caller writes; the rest follows from the dialect. */
export type ProfileInput = Omit<MarkProfile, 'type' | 'prf'>;

/** A profile with the defaults of its dialect filled in. @throws PhalanxError `MARK_PROFILE` as `parseMarkProfile` */
export function createMarkProfile(input: ProfileInput): MarkProfile {
  const dialect = dialectOf(input.dialect);
  const parameters = dialect.parameters.safeParse(input.parameters);
  if (!parameters.success) return refuseProfile(`its parameters: ${oneLine(parameters.error)}`);
  return parseMarkProfile({
    ...input,
    type: 'phalanx-mark-profile-v1',
    prf: dialect.prf,
    parameters: parameters.data,
  });
}

/** @throws PhalanxError `MARK_KEY` unless the key is a private Ed25519 key */
export function signMarkProfile(profile: MarkProfile, privateKey: KeyObject): SignedMarkProfile {
  demand(
    privateKey.type === 'private' && privateKey.asymmetricKeyType === 'ed25519',
    'MARK_KEY',
    'profiles are signed with a private Ed25519 key',
    'Generate one with node:crypto or openssl.',
  );
  // The key itself ends the DER of its SubjectPublicKeyInfo (RFC 8410).
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    profile,
    publicKey: toBase64(spki.subarray(-32)),
    signature: toBase64(sign(null, signedBytes(profile), privateKey)),
  };
}

/** A signed profile as text: canonical JSON. */
export function formatSignedProfile(signed: SignedMarkProfile): string {
  return canonicalJson(signed as Json);
}

/**
 * Reads a signed profile and verifies it under one of the keys that the reader trusts.
 *
 * @param trusted public Ed25519 keys, 32 bytes each
 * @throws PhalanxError `MARK_PROFILE` for anything but a profile that one of them signed
 */
export function openSignedProfile(text: string, trusted: readonly Uint8Array[]): MarkProfile {
  demand(text.length <= MAX_PROFILE, 'MARK_PROFILE', 'a profile of more than 64 KiB', 'Get the right file.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse('MARK_PROFILE', 'not a signed profile: it is no JSON', ADVICE, cause);
  }
  const parsed = SignedMarkProfile.safeParse(value);
  if (!parsed.success) return refuseProfile(`it is not a signed profile: ${oneLine(parsed.error)}`);
  const { publicKey, signature } = parsed.data;
  const key = trusted.find((candidate) => toBase64(candidate) === publicKey);
  if (key === undefined) return refuseProfile('the key that signed it is not trusted');
  const profile = parseMarkProfile(parsed.data.profile);
  if (!isSigned(profile, key, signature)) return refuseProfile('its signature is not of this content');
  return profile;
}

/**
 * Refuses to use a profile with what it is not for: a wrong vocabulary reads as "no mark", and no statistic would say so.
 *
 * @throws PhalanxError `MARK_PROFILE`, its message names every mismatch
 */
export function checkProfile(profile: MarkProfile, use: ProfileUse): void {
  const wrong: string[] = [];
  for (const member of ['tokenizerSha256', 'vocabularySize', 'model', 'keyId', 'prf'] as const)
    if (use[member] !== undefined && use[member] !== profile[member])
      wrong.push(`${member} is ${profile[member]}, here ${use[member]}`);
  if (use.atMs !== undefined) {
    if (use.atMs < profile.validFromMs) wrong.push('it is not valid yet');
    if (profile.validUntilMs !== null && use.atMs >= profile.validUntilMs)
      wrong.push('it is not valid any more');
  }
  if (wrong.length > 0) refuseProfile(`it does not fit: ${wrong.join('; ')}`);
}

const ADVICE = 'Use the profile that the deployment published, or make a new one.';

function isSigned(profile: MarkProfile, publicKey: Uint8Array, signature: string): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') },
      format: 'jwk',
    });
    return verify(null, signedBytes(profile), key, fromBase64(signature));
  } catch {
    return false;
  }
}

function signedBytes(profile: MarkProfile): Uint8Array {
  return utf8(PURPOSE + canonicalJson(profile as Json));
}

function refuseProfile(what: string): never {
  return refuse('MARK_PROFILE', what, ADVICE);
}

function oneLine(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? ''}`.slice(0, 200);
}
