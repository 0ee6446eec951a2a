import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { listExtensionDefinitions } from './extensions/extension-definition.js';
import { makeExtensionSchema } from './extensions/extension-schema.js';
import { EXTENSIONS } from './extensions/register.js';
import { redactObject } from './marking/redact-object.js';
import type { TlpLevel } from './marking/tlp.js';
import { digestObject } from './object-digest.js';
import { signObject, verifyObject } from './signed-object.js';
import { deriveId } from './stix-id.js';
import type { StixObject } from './stix-object.js';
import { validateObject } from './validate-object.js';
import { appendVersion, makeNextVersion, revokeObject } from './version-chain.js';

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../../../docs/spec/${path}`, import.meta.url), 'utf8'));
const vectors = read('vectors/model-theft-stix.json');
const schema = read('model-theft-stix.schema.json');

/** PKCS #8 of an Ed25519 seed (RFC 8410 section 7). */
const privateKey = createPrivateKey({
  key: Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.from(vectors.signature.privateSeed, 'hex'),
  ]),
  format: 'der',
  type: 'pkcs8',
});

describe('docs/spec/model-theft-stix', () => {
  it('publishes the schemas that run here', () => {
    const published = Object.fromEntries(
      EXTENSIONS.map((extension) => {
        const { $schema: _dialect, ...rest } = makeExtensionSchema(extension);
        return [extension.id, JSON.parse(JSON.stringify(rest))];
      }),
    );
    expect(schema.$defs).toEqual(published);
    const page = readFileSync(new URL('../../../../docs/spec/model-theft-stix.md', import.meta.url), 'utf8');
    for (const { id, name } of EXTENSIONS) {
      expect(page).toContain(id);
      expect(page).toContain(name);
    }
  });

  it('holds valid objects, the extension definitions among them', () => {
    const objects: StixObject[] = vectors.objects;
    expect(objects.flatMap(validateObject)).toEqual([]);
    const definitions = new Map(objects.map((object) => [object.id, object]));
    for (const definition of listExtensionDefinitions())
      expect(definitions.get(definition.id)).toEqual(definition);
    const ajv = new Ajv2020({ strict: false });
    for (const [id, one] of Object.entries(schema.$defs)) {
      const validate = ajv.compile(one as object);
      const own = objects.filter((object) => JSON.stringify(object.extensions ?? {}).includes(id));
      expect(own.filter((object) => !validate(object))).toEqual([]);
    }
  });

  it.each(vectors.ids as { type: string; properties: Record<string, never>; id: string | null }[])(
    'derives the id of a $type',
    ({ type, properties, id }) => {
      expect(deriveId(type, properties)).toBe(id);
    },
  );

  it('chains versions', () => {
    const { first, next, revoked, digests } = vectors.versions;
    expect([first, next, revoked].map(digestObject)).toEqual(digests);
    const atMs = Date.parse(next.modified);
    expect(makeNextVersion(first, { last_day: next.last_day }, atMs)).toEqual(next);
    expect(revokeObject(next, Date.parse(revoked.modified))).toEqual(revoked);
    expect(appendVersion(appendVersion(appendVersion(null, first), next), revoked).revoked).toBe(true);
  });

  it('signs', () => {
    const { publicKeyX, kid, identity, logIndex, object } = vectors.signature;
    const publicKey = createPublicKey(privateKey);
    expect(publicKey.export({ format: 'jwk' }).x).toBe(publicKeyX);
    expect(signObject(vectors.versions.next, { kid, privateKey }, logIndex)).toEqual(object);
    expect(verifyObject(object, new Map([[kid, { publicKey, identity }]]))).toMatchObject({ kid, logIndex });
  });

  it.each(vectors.redactions as { object: StixObject; clearance: TlpLevel; shown: StixObject | null }[])(
    'strips for $clearance',
    ({ object, clearance, shown }) => {
      const identity = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a02';
      expect(redactObject(object, new Map(), { clearance, identity, encrypted: true, atMs: 0 })).toEqual(
        shown,
      );
    },
  );
});
