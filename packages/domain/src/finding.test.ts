import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DetectionReport } from './finding.js';

const root = join(import.meta.dirname, '../../..');
const schema = JSON.parse(readFileSync(join(root, 'docs/spec/detection-report.schema.json'), 'utf8'));
const specification = readFileSync(join(root, 'docs/spec/detection-report.md'), 'utf8');
const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(specification)![1]!) as Tree;
const isValid = new Ajv2020({ strict: true, strictTypes: false }).compile(schema);

type Tree = Record<string, unknown> | unknown[];

/** Every place in a tree: the container and the key under which the place lies. */
function listPlaces(tree: Tree): [Tree, string][] {
  return Object.entries(tree).flatMap(([key, value]): [Tree, string][] => [
    [tree, key],
    ...(typeof value === 'object' && value !== null ? listPlaces(value as Tree) : []),
  ]);
}

describe('the published schema of a detection report', () => {
  it('is the one that `node scripts/write-schemas.mjs` would write', async () => {
    const script = join(root, 'scripts/write-schemas.mjs');
    const { describeDetectionReport } = await import(script);
    expect(schema).toEqual(describeDetectionReport(DetectionReport));
  });

  it('and zod accept the example of the specification, and a member that they do not know', () => {
    for (const report of [example, { ...example, later: 1 }]) {
      expect(isValid(report), JSON.stringify(isValid.errors)).toBe(true);
      expect(DetectionReport.safeParse(report).success).toBe(true);
    }
  });

  it('and zod agree on any report with one place removed or replaced', () => {
    const count = listPlaces(example).length;
    const replacement = fc.oneof(
      fc.constant(undefined),
      fc.jsonValue(),
      fc.constantFrom<unknown>(null, -1, 0.5, 2 ** 53, '', [], {}),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.nat(count - 1), replacement, (place, value) => {
        const report = structuredClone(example);
        const [container, key] = listPlaces(report)[place]!;
        if (value !== undefined) (container as Record<string, unknown>)[key] = value;
        else if (Array.isArray(container)) container.splice(Number(key), 1);
        else delete container[key];
        const accepted = DetectionReport.safeParse(report).success;
        expect(isValid(report)).toBe(accepted);
        if (!accepted) refused++;
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});

describe('the specification', () => {
  it('names every member of report, finding and signal', () => {
    const shapes = [DetectionReport.shape, DetectionReport.shape.findings.element.shape];
    const signal = DetectionReport.shape.findings.element.shape.signals.element.shape;
    const prose = specification.slice(0, specification.indexOf('## Example'));
    for (const member of [...shapes, signal].flatMap((shape) => Object.keys(shape)))
      expect(prose).toContain(`\`${member}\``);
  });
});
