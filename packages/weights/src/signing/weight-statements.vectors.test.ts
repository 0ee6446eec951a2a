import { readFileSync } from 'node:fs';
import { fromHex, utf8 } from '@phalanx/core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { openBytesSource } from '../formats/byte-source.js';
import { CHUNK_TREE_TYPE, openVerifiedSource, parseChunkStatement, readChunkHashes } from './chunk-tree.js';
import { verifySignedStatement } from './signed-payload.js';
import { formatWeightStatement, parseWeightStatement, verifyWeightStatement } from './weight-statements.js';

const SPEC = new URL('../../../../docs/spec/', import.meta.url);
const vectors = JSON.parse(readFileSync(new URL('vectors/weight-statements.json', SPEC), 'utf8')) as {
  publicKey: string;
  chunkHashes: string;
  valid: { statement: string; bundle: string }[];
  invalid: { why: string; statement: string }[];
};
const schema = JSON.parse(readFileSync(new URL('weight-statements.schema.json', SPEC), 'utf8'));
const validate = new Ajv2020({ strict: false }).compile(schema);
const trust = { publicKey: utf8(vectors.publicKey) };
const isChunks = (statement: string) => statement.includes(CHUNK_TREE_TYPE);
const read = (statement: string) =>
  isChunks(statement) ? parseChunkStatement(utf8(statement)) : parseWeightStatement(utf8(statement));

describe('statements about weights', () => {
  it('are read, written and signed as the vectors say', () => {
    expect(vectors.valid).toHaveLength(4);
    for (const { statement, bundle } of vectors.valid) {
      expect(validate(JSON.parse(statement)), JSON.stringify(validate.errors)).toBe(true);
      const signed = verifySignedStatement(utf8(bundle), trust);
      expect(Buffer.from(signed.statement).toString()).toBe(statement);
      expect(() => read(statement)).not.toThrow();
      if (isChunks(statement)) continue;
      const { statement: parsed } = verifyWeightStatement(utf8(bundle), trust);
      expect(Buffer.from(formatWeightStatement(parsed)).toString()).toBe(statement);
    }
  });

  it.each(vectors.invalid.map(({ why, statement }) => [why, statement]))('refuse %s', (_, statement) => {
    expect(vectors.valid.map((one) => one.statement)).not.toContain(statement);
    expect(validate(JSON.parse(statement!))).toBe(false);
    expect(() => read(statement!)).toThrow();
  });

  it('carry the hashes of chunks', async () => {
    const about = parseChunkStatement(
      utf8(vectors.valid.find(({ statement }) => isChunks(statement))!.statement),
    );
    const file = await readChunkHashes(about, 'weights.bin', openBytesSource(fromHex(vectors.chunkHashes)));
    const bytes = Uint8Array.from({ length: 2_097_157 }, (_, i) => i & 255);
    const tail = await openVerifiedSource(openBytesSource(bytes), file).read(2_097_150, 7);
    expect([...tail]).toEqual([254, 255, 0, 1, 2, 3, 4]);
  });
});
