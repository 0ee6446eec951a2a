import { readFileSync } from 'node:fs';
import { createSketcher } from '@phalanx/sketch';
import { expect, it } from 'vitest';
import { buildCell, listCells, loadMaterials, runDetector, WorldRecords, writeTables } from '../index.js';

it('the README example runs as printed', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)![1]!;
  const body = example.replace(/^import .*$/gm, '').replace('!;', ';');
  const printed: string[] = [];
  const run = new Function(
    'createSketcher',
    'buildCell',
    'listCells',
    'loadMaterials',
    'runDetector',
    'WorldRecords',
    'writeTables',
    'console',
    `return (async () => {${body}})();`,
  );
  await run(createSketcher, buildCell, listCells, loadMaterials, runDetector, WorldRecords, writeTables, {
    log: (text: string) => printed.push(text),
  });
  expect(printed).toHaveLength(1);
  expect(printed[0]).toContain('### Calibration on attack-free worlds');
  expect(printed[0]).toMatch(/\| phalanx \| 1 \| \d+ \| 0 \[0, /);
});
