import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { canonicalJson, fromUtf8, type Json, PhalanxError, toBase64, utf8 } from '@phalanx/core';
import { z } from 'zod';
import type { CliErrorCode } from './cli-error.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import { writeNewFile } from './new-file.js';
import { readPassphrase } from './record-session.js';
import type { Terminal } from './terminal.js';

const HEAD = '{';

const identitySchema = z.strictObject({
  type: z.literal('phalanx-coalition-identity-v1'),
  member: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  identity: z.string().regex(/^identity--[0-9a-f-]{36}$/),
  /** PKCS#8 PEM: requests and tokens (Ed25519). */
  clientKey: z.string(),
  /** Objects and messages of labs and key servers (Ed25519). */
  signingKey: z.string(),
  /** Pieces of keys that are said to a key server alone (X25519). */
  sealingKey: z.string(),
});

/** Keys under which a party of a coalition acts. */
export interface CoalitionIdentity {
  readonly member: string;
  /** Id of its STIX identity. */
  readonly identity: string;
  readonly clientKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly sealingKey: KeyObject;
}

/** What others must know of a party: no secret. Its digest is compared outside of this program. */
export interface PublicIdentity {
  readonly type: 'phalanx-coalition-member-v1';
  readonly member: string;
  readonly identity: string;
  /** Public JWK of `clientKey`. */
  readonly clientKey: Json;
  /** 32 bytes of base64 each. */
  readonly signingKey: string;
  readonly sealingKey: string;
}

/**
 * Makes keys in a new file: encrypted as age does, or of mode 0600.
 *
 * @param passphrase null: not encrypted
 * @throws PhalanxError `CLI_FILE`, `LEDGER_PASSPHRASE`
 */
export async function writeCoalitionIdentity(
  path: string,
  member: string,
  identity: string,
  passphrase: string | null,
): Promise<CoalitionIdentity> {
  const made: CoalitionIdentity = {
    member,
    identity,
    clientKey: generateKeyPairSync('ed25519').privateKey,
    signingKey: generateKeyPairSync('ed25519').privateKey,
    sealingKey: generateKeyPairSync('x25519').privateKey,
  };
  const text = JSON.stringify({
    type: 'phalanx-coalition-identity-v1',
    member,
    identity,
    clientKey: pemOf(made.clientKey),
    signingKey: pemOf(made.signingKey),
    sealingKey: pemOf(made.sealingKey),
  });
  if (passphrase === null) writeNewFile(path, text, 0o600);
  else await (await import('@phalanx/ledger')).writeSecretFile(path, utf8(text), passphrase);
  return made;
}

/**
 * Reads what `writeCoalitionIdentity` wrote.
 *
 * @throws PhalanxError `CLI_FILE`, `CLI_USAGE` when a passphrase is needed and none is set, `LEDGER_KEY_FILE` for a file that others may read,
 *   `LEDGER_PASSPHRASE`
 */
export async function readCoalitionIdentity(path: string, terminal: Terminal): Promise<CoalitionIdentity> {
  const { readOwnFile, readSecretFile } = await import('@phalanx/ledger');
  const isPlain = Buffer.from(readBytes(path).subarray(0, 1)).toString('latin1') === HEAD;
  const bytes = isPlain
    ? await readOwnFile(path)
    : await readSecretFile(path, readPassphrase(loadConfig(terminal.env), terminal));
  try {
    const { clientKey, signingKey, sealingKey, member, identity } = identitySchema.parse(
      JSON.parse(fromUtf8(bytes)),
    );
    return {
      member,
      identity,
      clientKey: createPrivateKey(clientKey),
      signingKey: createPrivateKey(signingKey),
      sealingKey: createPrivateKey(sealingKey),
    };
  } catch {
    // Without the cause, which may quote what is secret.
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} holds no keys of a party of a coalition`, {
      advice: 'Make them: phalanx coalition identity new.',
    });
  }
}

/** What others must know of a party. */
export function publicIdentityOf({
  member,
  identity,
  clientKey,
  signingKey,
  sealingKey,
}: CoalitionIdentity): PublicIdentity {
  return {
    type: 'phalanx-coalition-member-v1',
    member,
    identity,
    clientKey: createPublicKey(clientKey).export({ format: 'jwk' }) as Json,
    signingKey: rawOf(signingKey),
    sealingKey: rawOf(sealingKey),
  };
}

const publicSchema = z.strictObject({
  type: z.literal('phalanx-coalition-member-v1'),
  member: identitySchema.shape.member,
  identity: identitySchema.shape.identity,
  clientKey: z.record(z.string(), z.string()),
  signingKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  sealingKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
});

/** @throws PhalanxError `CLI_FILE` */
export function readPublicIdentity(path: string): PublicIdentity {
  const read = publicSchema.safeParse(parseJson(path));
  if (read.success) return read.data;
  throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} is not what phalanx coalition identity printed`);
}

/** The text of the public file, canonical (RFC 8785). */
export function formatPublicIdentity(identity: PublicIdentity): string {
  return `${canonicalJson({ ...identity })}\n`;
}

/** @throws PhalanxError `CLI_FILE` */
export function parseJson(path: string): unknown {
  try {
    return JSON.parse(fromUtf8(readBytes(path)));
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw new PhalanxError<CliErrorCode>('CLI_FILE', `${path} is not JSON`, { cause });
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }) as string;
}

function rawOf(key: KeyObject): string {
  return toBase64(new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)));
}
