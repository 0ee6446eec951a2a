import { createHash, createPrivateKey, createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonicalJson, fromBase64, type Json, toHex, utf8 } from '@phalanx/core';
import { Decrypter } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { openHeader } from './age-header.js';
import {
  approve,
  findSigners,
  keyIdOf,
  parseApprovers,
  parseSignedLease,
  parseSignedWithdrawal,
} from './approval.js';
import { digestTerms, formatTerms, requireFits } from './lease.js';
import { formatManifest, parseManifest } from './paced-container.js';
import { SealedWeightsDocument } from './sealed-weights-document.js';

const read = (name: string) =>
  readFileSync(new URL(`../../../../docs/spec/${name}`, import.meta.url), 'utf8');
const vectors = JSON.parse(read('vectors/sealed-weights.json'));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const approvers = parseApprovers(
  JSON.stringify(
    vectors.approverKeys.map(({ publicKey }: { publicKey: string }, i: number) => ({
      name: `${i}`,
      publicKey,
    })),
  ),
);

describe('published vectors', () => {
  it('of the container', async () => {
    const bytes = utf8(vectors.manifest);
    const container = parseManifest(bytes);
    expect(container.artifactSha256).toBe(vectors.artifactSha256);
    expect(container.sizeBytes).toBe(vectors.plaintext.sizeBytes);
    expect(formatManifest(container.manifest)).toEqual(bytes);
    const file = fromBase64(vectors.segment1);
    const { header, sha256: digest } = container.manifest.segments[1]!;
    expect(sha256(file)).toBe(digest);
    const own = fromBase64(header);
    expect(toHex(await openHeader(own, [vectors.serviceIdentity]))).toBe(vectors.segment1FileKey);
    expect(toHex(await openHeader(fromBase64(vectors.releasedHeader1), [vectors.lesseeIdentity]))).toBe(
      vectors.segment1FileKey,
    );
    // Read by the library alone, so that the file is what the specification says and not what we think.
    const decrypter = new Decrypter();
    decrypter.addIdentity(vectors.lesseeIdentity);
    const released = Buffer.concat([fromBase64(vectors.releasedHeader1), file.subarray(own.length)]);
    const expected = Uint8Array.from({ length: 100 }, (_, i) => (65_536 + i) % 251);
    expect(new Uint8Array(await decrypter.decrypt(released))).toEqual(expected);
  });

  it('of keys, lease and withdrawal', () => {
    for (const { jwk, keyId, publicKey } of vectors.approverKeys as {
      jwk: JsonWebKey;
      keyId: string;
      publicKey: string;
    }[]) {
      expect(keyIdOf(createPrivateKey({ key: jwk, format: 'jwk' }))).toBe(keyId);
      expect(keyIdOf(createPublicKey(publicKey))).toBe(keyId);
      const { kty, crv, x, y } = jwk;
      const thumbprint = canonicalJson(JSON.parse(JSON.stringify({ crv, kty, x, y })) as Json);
      expect(sha256(utf8(thumbprint))).toBe(keyId);
    }
    const signed = parseSignedLease(utf8(JSON.stringify(vectors.signedLease)));
    expect(Buffer.from(formatTerms(signed.lease)).toString()).toBe(vectors.lease);
    expect(digestTerms(signed.lease)).toBe(vectors.leaseSha256);
    expect(findSigners(signed.lease, signed.approvals, approvers).length).toBe(2);
    requireFits(signed.lease, parseManifest(utf8(vectors.manifest)));
    const edwards = createPrivateKey({ key: vectors.approverKeys[0].jwk, format: 'jwk' });
    expect(approve(signed.lease, edwards)).toEqual(signed.approvals[0]);
    const withdrawn = parseSignedWithdrawal(utf8(JSON.stringify(vectors.signedWithdrawal)));
    expect(Buffer.from(formatTerms(withdrawn.withdrawal)).toString()).toBe(vectors.withdrawal);
    expect(findSigners(withdrawn.withdrawal, withdrawn.approvals, approvers).length).toBe(1);
  });

  it('of what is logged', () => {
    for (const entry of vectors.statements as string[]) {
      expect(canonicalJson(JSON.parse(entry))).toBe(entry);
      expect(JSON.parse(entry).leaseSha256).toBe(vectors.leaseSha256);
    }
  });
});

it('the schema is that of the code', async () => {
  const script: string = '../../../../scripts/write-schemas.mjs';
  const { describeSealedWeights } = await import(script);
  expect(JSON.parse(read('sealed-weights.schema.json'))).toEqual(
    describeSealedWeights(SealedWeightsDocument),
  );
  for (const document of [JSON.parse(vectors.manifest), vectors.signedLease, vectors.signedWithdrawal])
    expect(SealedWeightsDocument.safeParse(document).success).toBe(true);
});
