import { createPublicKey, verify as verifyWithNode } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fromHex, PhalanxError } from '@phalanx/core';
import { makeVerifierKey, SignatureType, type VerifierKey } from '@phalanx/ledger';
import type { Checks } from './checks.js';
import type { Suite } from './suite.js';

/** One file of Wycheproof, as far as it is read here. */
interface Wycheproof<Key> {
  readonly testGroups: readonly {
    readonly publicKey: Key;
    readonly publicKeyPem: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      /** Hexadecimal. */
      readonly ctx?: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

/** One vector of CCTV. */
interface EdgeCase {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  /** Text, not hexadecimal. */
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

type VerifyMlDsa = (
  signature: Uint8Array,
  message: Uint8Array,
  publicKey: Uint8Array,
  options?: { context: Uint8Array },
) => boolean;

const NAME = 'vectors.phalanx.example';
const ML_DSA_44_BYTES = 2420;

/** Signatures that verifiers get wrong or disagree about, before the verifiers that notes and bundles are checked with. */
export const signatureVectors: Suite = {
  name: 'signature-vectors',
  what: 'Ed25519, ECDSA P-256 and ML-DSA-44 as the ledger verifies them against Wycheproof; Ed25519 against the edge cases of CCTV',
  async run(checks, { vectors }) {
    if (vectors === null) {
      checks.skip('no folder of vectors');
      return;
    }
    const wycheproof = join(vectors, 'vectors/wycheproof/testvectors_v1');
    checkEd25519(checks, readJson(join(wycheproof, 'ed25519_test.json')));
    checkEcdsa(checks, readJson(join(wycheproof, 'ecdsa_secp256r1_sha256_test.json')));
    await checkMlDsa(checks, readJson(join(wycheproof, 'mldsa_44_verify_test.json')));
    checkEdgeCases(checks, readJson(join(vectors, 'vectors/cctv/ed25519/ed25519vectors.json')));
  },
};

/** A note is text, so messages that are no UTF-8 go to OpenSSL alone, which the ledger verifies with. */
function checkEd25519(checks: Checks, { testGroups }: Wycheproof<{ readonly pk: string }>): void {
  let [total, binary] = [0, 0];
  for (const { publicKey, publicKeyPem, tests } of testGroups) {
    const key = enrol(SignatureType.ED25519, publicKey.pk);
    checks.check(`Wycheproof Ed25519: key ${publicKey.pk}`, key !== null);
    for (const { tcId, comment, msg, sig, result } of tests) {
      const what = `Wycheproof Ed25519 ${tcId} ${comment}`;
      const [message, signature] = [fromHex(msg), fromHex(sig)];
      checks.equal(what, nameOf(verifyWithNode(null, message, publicKeyPem, signature)), result);
      total++;
      const text = textOf(message);
      if (text === null) binary++;
      else checks.equal(`${what}, as a note`, nameOf(key?.verify(text, signature) === true), result);
    }
  }
  checks.note(
    `Wycheproof Ed25519: ${total} vectors; ${binary} sign what is no UTF-8 and were shown to OpenSSL only`,
  );
}

function checkEcdsa(checks: Checks, { testGroups }: Wycheproof<unknown>): void {
  let total = 0;
  for (const { publicKeyPem, tests } of testGroups) {
    const key = createPublicKey(publicKeyPem);
    for (const { tcId, comment, msg, sig, result } of tests) {
      const found = nameOf(verifyWithNode('sha256', fromHex(msg), key, fromHex(sig)));
      checks.equal(`Wycheproof ECDSA P-256 ${tcId} ${comment}`, found, result);
      total++;
    }
  }
  checks.note(`Wycheproof ECDSA P-256, SHA-256, DER: ${total} vectors`);
}

/**
 * The ledger signs with ML-DSA-44 nothing but messages it builds itself, so the vectors go to the implementation that it loads, behind
 * its own checks of lengths. It uses the empty context only.
 */
async function checkMlDsa(checks: Checks, { testGroups }: Wycheproof<string>): Promise<void> {
  const verify = await loadMlDsa();
  let [total, refusedKeys, contexts] = [0, 0, 0];
  for (const { publicKey, tests } of testGroups) {
    const key = enrol(SignatureType.ML_DSA_44_COSIGNATURE, publicKey);
    for (const { tcId, comment, msg, sig, ctx = '', result } of tests) {
      const [signature, context] = [fromHex(sig), fromHex(ctx)];
      total++;
      if (key === null) refusedKeys++;
      if (ctx !== '') contexts++;
      const isValid =
        key !== null &&
        signature.length === ML_DSA_44_BYTES &&
        (context.length > 255 ? false : verify(signature, fromHex(msg), key.publicKey, { context }));
      checks.equal(`Wycheproof ML-DSA-44 ${tcId} ${comment}`, nameOf(isValid), result);
    }
  }
  checks.note(
    `Wycheproof ML-DSA-44: ${total} vectors; ${refusedKeys} have a key that is not enrolled; ${contexts} have a context, which the ledger never uses`,
  );
}

/**
 * RFC 8032 leaves these open. The rule here: OpenSSL's, which computes R again and compares bytes, so that it takes neither an R in
 * a second encoding nor one that is right only up to a point of small order; and before it, no key of small order or in a
 * second encoding is enrolled, though OpenSSL would verify under it.
 */
function checkEdgeCases(checks: Checks, vectors: readonly EdgeCase[]): void {
  let [accepted, rejected, refused, refusedOnly] = [0, 0, 0, 0];
  for (const { number, key: publicKey, sig, msg, flags } of vectors) {
    const has = (...wanted: string[]): boolean => wanted.some((flag) => flags?.includes(flag));
    const isWeak = has('low_order_A', 'non_canonical_A');
    const isOpenSsl = !has('non_canonical_R', 'low_order_residue');
    const key = enrol(SignatureType.ED25519, publicKey);
    checks.equal(`CCTV Ed25519 ${number}: key refused`, String(key === null), String(isWeak));
    checks.equal(
      `CCTV Ed25519 ${number}: OpenSSL`,
      String(verifyBare(publicKey, msg, sig)),
      String(isOpenSsl),
    );
    if (key === null) {
      refused++;
      if (isOpenSsl) refusedOnly++;
      continue;
    }
    const isValid = key.verify(msg, fromHex(sig));
    checks.equal(`CCTV Ed25519 ${number}: as a note`, String(isValid), String(isOpenSsl));
    if (isValid) accepted++;
    else rejected++;
  }
  checks.note(
    `CCTV Ed25519: ${vectors.length} vectors; ${accepted} accepted, ${rejected} rejected as OpenSSL does, ${refused} have a key of small order or in a second encoding and are refused before, ${refusedOnly} of which OpenSSL accepts`,
  );
}

/** Null when the ledger does not take the key. */
function enrol(type: SignatureType, publicKey: string): VerifierKey | null {
  try {
    return makeVerifierKey(NAME, type, fromHex(publicKey));
  } catch (error) {
    if (PhalanxError.is(error, 'LEDGER_KEY')) return null;
    throw error;
  }
}

function verifyBare(publicKey: string, text: string, signature: string): boolean {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verifyWithNode(null, Buffer.from(text), key, fromHex(signature));
}

/** Of the very package that the ledger imports. */
async function loadMlDsa(): Promise<VerifyMlDsa> {
  const require = createRequire(fileURLToPath(import.meta.resolve('@phalanx/ledger')));
  const path = require.resolve('@noble/post-quantum/ml-dsa.js');
  const { ml_dsa44: mlDsa } = (await import(pathToFileURL(path).href)) as {
    ml_dsa44: { verify: VerifyMlDsa };
  };
  return mlDsa.verify;
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function nameOf(isValid: boolean): 'valid' | 'invalid' {
  return isValid ? 'valid' : 'invalid';
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}
