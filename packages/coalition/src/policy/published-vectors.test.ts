import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readAllowedPattern } from './allow-list/allowed-pattern.js';
import { ALLOWED_TYPES } from './allow-list/allowed-type.js';
import { PolicyRevocation, ReleaseApproval, StandingApproval } from './approval.js';
import { LegalBasis } from './legal-basis.js';
import { widen } from './minimise.js';
import { readPeople } from './person.js';
import { encodeEnvelope } from './release-draft.js';
import { RELEASE_REASONS } from './release-reason.js';
import { digestSalted } from './release-receipt.js';
import { digestDocument, listSigners, type SignedDocument, signDocument } from './signed-document.js';

const spec = (path: string) => new URL(`../../../../docs/spec/${path}`, import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(spec(path), 'utf8'));

/** `UPDATE_SPEC=1` writes what the code has instead. */
const isUpdate = process.env.UPDATE_SPEC === '1';

it('publishes the schemas that run here', () => {
  const documents = { LegalBasis, ReleaseApproval, StandingApproval, PolicyRevocation };
  const described = Object.entries(documents).map(([name, schema]) => {
    const { $schema: _dialect, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
    return [name, body];
  });
  const schema = JSON.parse(
    JSON.stringify({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:phalanx:sharing-policy:v1',
      title:
        'Phalanx sharing policy, version 1: documents that are signed, and objects that may leave, by type',
      $defs: { ...Object.fromEntries(described), objects: { $defs: ALLOWED_TYPES } },
    }),
  );
  if (isUpdate) writeFileSync(spec('sharing-policy.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
  expect(read('sharing-policy.schema.json')).toEqual(schema);
});

it('names every reason on the page', () => {
  const page = readFileSync(spec('sharing-policy.md'), 'utf8');
  expect(Object.keys(RELEASE_REASONS).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
});

/** PKCS #8 of an Ed25519 seed (RFC 8410 section 7). */
function keyOf(seed: string) {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(seed, 'hex'),
  ]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

it('reads and writes the published vectors', () => {
  const vectors = read('vectors/sharing-policy.json');
  const sign = ({ document, kid, seed }: { document: { schema: string }; kid: string; seed: string }) =>
    signDocument(document, { kid, privateKey: keyOf(seed) });
  if (isUpdate) {
    for (const one of vectors.documents) {
      one.signed = sign(one);
      one.sha256 = digestDocument(one.signed);
    }
    vectors.envelope.sha256 = createHash('sha256')
      .update(encodeEnvelope(vectors.envelope.objects))
      .digest('hex');
    vectors.salted.sha256 = digestSalted(
      Buffer.from(vectors.salted.salt, 'hex'),
      encodeEnvelope(vectors.envelope.objects),
    );
    writeFileSync(spec('vectors/sharing-policy.json'), `${JSON.stringify(vectors, null, 2)}\n`);
  }
  for (const one of vectors.documents) {
    expect(sign(one)).toEqual(one.signed);
    expect(digestDocument(one.signed)).toBe(one.sha256);
    const publicKey = createPublicKey(keyOf(one.seed)).export({ format: 'pem', type: 'spki' });
    const people = readPeople({
      schema: 'phalanx.people.v1',
      people: [{ id: 'one', roles: [one.role], kid: one.kid, publicKey }],
    });
    const signers = (signed: SignedDocument) => listSigners(signed, people, one.role).map(({ id }) => id);
    expect(signers(one.signed)).toEqual(['one']);
    // A signature on one kind of document is none on another.
    expect(
      signers({ ...one.signed, document: { ...one.signed.document, schema: 'phalanx.legal-basis.v2' } }),
    ).toEqual([]);
  }
  const envelope = encodeEnvelope(vectors.envelope.objects);
  expect(createHash('sha256').update(envelope).digest('hex')).toBe(vectors.envelope.sha256);
  expect(digestSalted(Buffer.from(vectors.salted.salt, 'hex'), envelope)).toBe(vectors.salted.sha256);
  for (const { text, wide } of vectors.blocks) expect(widen(text, new Map())).toBe(wide);
  for (const { pattern, allowed } of vectors.patterns)
    expect([pattern, readAllowedPattern(pattern) !== null]).toEqual([pattern, allowed]);
});

it.each([
  [
    'a person twice',
    [
      { id: 'a', roles: ['releaser'], kid: '1' },
      { id: 'a', roles: ['counsel'], kid: '2' },
    ],
  ],
  [
    'a name of a key twice',
    [
      { id: 'a', roles: ['releaser'], kid: '1' },
      { id: 'b', roles: ['counsel'], kid: '1' },
    ],
  ],
  ['a role that is none', [{ id: 'a', roles: ['owner'], kid: '1' }]],
  ['no key', [{ id: 'a', roles: ['counsel'], kid: '1', publicKey: 'none' }]],
])('a register of persons with %s is refused', (_what, people) => {
  expect(() => readPeople({ schema: 'phalanx.people.v1', people })).toThrowError(
    expect.objectContaining({ code: 'COALITION_POLICY' }),
  );
});

it('one key under two persons is refused', () => {
  const publicKey = createPublicKey(keyOf('11'.repeat(32))).export({ format: 'pem', type: 'spki' });
  const people = ['a', 'b'].map((id) => ({ id, roles: ['counsel'], kid: id, publicKey }));
  expect(() => readPeople({ schema: 'phalanx.people.v1', people })).toThrow('comes twice');
});
