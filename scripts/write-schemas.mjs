// Writes the JSON Schemas of docs/spec from the zod schemas that the code uses. Run after a change: `npx tsc -b && node scripts/write-schemas.mjs`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/**
 * JSON Schema (draft 2020-12) of a detection report. `io: 'input'`: a reader of version 1 ignores members that it does
 * not know, so the schema must not forbid them.
 *
 * @param {import('zod').ZodType} schema `DetectionReport` of packages/domain
 */
export function describeDetectionReport(schema) {
  const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return {
    $schema,
    $id: 'urn:phalanx:detection-report:v1',
    title: 'Phalanx detection report, version 1',
    ...body,
  };
}

/**
 * JSON Schema (draft 2020-12) of a signed mark profile; members that it does not name are refused.
 *
 * @param {import('zod').ZodType} schema `SignedMarkProfile` of packages/watermark
 */
export function describeMarkProfile(schema) {
  const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return { $schema, $id: 'urn:phalanx:mark-profile:v1', title: 'Phalanx mark profile, version 1', ...body };
}

/**
 * JSON Schema (draft 2020-12) of the documents of sealed weights; members that it does not name are refused.
 *
 * @param {import('zod').ZodType} schema `SealedWeightsDocument` of packages/weights
 */
export function describeSealedWeights(schema) {
  const { $schema, ...body } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return {
    $schema,
    $id: 'urn:phalanx:sealed-weights:v1',
    title: 'Phalanx sealed weights, version 1',
    ...body,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { DetectionReport } = await import('@phalanx/domain');
  const { SignedMarkProfile } = await import('@phalanx/watermark');
  const { SealedWeightsDocument } = await import('@phalanx/weights');
  const schemas = {
    'detection-report': describeDetectionReport(DetectionReport),
    'mark-profile': describeMarkProfile(SignedMarkProfile),
    'sealed-weights': describeSealedWeights(SealedWeightsDocument),
  };
  for (const [name, schema] of Object.entries(schemas)) {
    const path = fileURLToPath(new URL(`../docs/spec/${name}.schema.json`, import.meta.url));
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    execFileSync('npx', ['biome', 'format', '--write', path], { stdio: ['ignore', 'ignore', 'inherit'] });
    console.log(path);
  }
}
