import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@phalanx/core';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { RevealedGroup } from '../matching/threshold-reveal.js';
import { joinPools } from './joined-pools.js';
import { combineLabs, countProved, neededLog10E } from './joint-evidence.js';
import {
  candidateSchema,
  type EvidenceStatement,
  evidenceStatementSchema,
  type LinkStatement,
  linkStatementSchema,
  openStatement,
  signStatement,
} from './joint-messages.js';

const SPEC = new URL('../../../../docs/spec/', import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, SPEC), 'utf8'));
const vectors = read('vectors/joint-finding.json');

/** PKCS #8 of an Ed25519 key, up to its 32 bytes (RFC 8410). */
const PKCS8 = '302e020100300506032b657004220420';
const keyOf = (seed: string) =>
  createPrivateKey({ key: Buffer.from(PKCS8 + seed, 'hex'), format: 'der', type: 'pkcs8' });

it('signs and reads the published statements, byte by byte', () => {
  for (const { seed, text } of vectors.statements) {
    const { statement } = JSON.parse(text) as { statement: LinkStatement | EvidenceStatement };
    expect(signStatement(statement, keyOf(seed))).toBe(text);
    const schema =
      statement.type === 'phalanx-joint-links-v1' ? linkStatementSchema : evidenceStatementSchema;
    const publicKey = createPublicKey(keyOf(seed));
    const opened = openStatement<LinkStatement | EvidenceStatement>(schema, text, (place) =>
      place === statement.place ? publicKey : undefined,
    );
    expect(opened).toEqual(statement);
  }
  expect(vectors.statements).toHaveLength(3);
});

it('combines evidence as published', () => {
  for (const { evidence, log10E, number, alpha, needed, proved } of vectors.combinations) {
    const all = evidence.map((_: unknown, i: number) => combineLabs(evidence, i + 1));
    expect(all.map((one: number) => (Number.isFinite(one) ? one : null))).toEqual(log10E);
    expect(neededLog10E(number, alpha)).toBeCloseTo(needed, 9);
    expect(countProved(evidence, needed)).toBe(proved);
  }
  expect(vectors.combinations.length).toBeGreaterThan(4);
});

it('joins what is published as joined', () => {
  for (const { revealed, statements, joined } of vectors.joins) {
    const groups = revealed.map(
      ({ tag, places, valueClass }: { tag: string; places: number[]; valueClass: 'ip' }): RevealedGroup => ({
        tag: fromHex(tag),
        places,
        sightings: [
          {
            place: places[0]!,
            sighting: { valueClass, value: new Uint8Array(0), day: 0, decade: 0, detail: new Uint8Array(0) },
          },
        ],
        isDisputed: false,
      }),
    );
    expect(groups.map(({ tag }: RevealedGroup) => toHex(tag))).toEqual(
      revealed.map(({ tag }: { tag: string }) => tag),
    );
    expect(joinPools(groups, statements)).toEqual(joined);
  }
});

it('has the published JSON Schema', () => {
  const of = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' });
  expect(read('joint-finding.schema.json')).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Messages of joint finding, version 1',
    oneOf: [of(linkStatementSchema), of(candidateSchema), of(evidenceStatementSchema)].map(
      ({ $schema: _, ...rest }) => rest,
    ),
  });
});
