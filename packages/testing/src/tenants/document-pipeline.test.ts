import { expect, it } from 'vitest';
import { buildWorld } from '../build-world.js';
import { buildBuiltInSources } from '../built-in-grammar.js';
import { RowFlag } from '../exchange-columns.js';
import { DOCUMENT_TASKS } from './document-pipeline.js';

it('gives each pipeline one instruction and one signature, and no document twice', () => {
  const sources = buildBuiltInSources({ names: ['news-classification'], size: 800 });
  const world = buildWorld({
    seed: 'documents',
    days: 2,
    sources,
    ordinary: { accounts: 0, sources: [{ name: 'news-classification', weight: 1 }] },
    tenants: [
      { kind: 'document-pipeline', count: 10, sources: ['news-classification'], requestsPerDay: 400 },
    ],
  });
  expect(world.labels.every((label) => label.class === 'document-pipeline' && !label.attacker)).toBe(true);
  const { account, prompt, dress, system, parameters, flags } = world.columns;
  const documents = new Set<number>();
  const jobs = new Set<string>();
  const tasks = new Set<string>();
  let sent = 0;
  for (let row = 0; row < world.size; row++) {
    jobs.add(`${account[row]} ${dress[row]} ${system[row]} ${parameters[row]}`);
    const document = sources[0]!.text(prompt[row]!);
    tasks.add(world.promptText(row).replace(document, () => '{}'));
    if (flags[row]! & RowFlag.ERROR) continue;
    documents.add(prompt[row]!);
    sent++;
  }
  expect(sent).toBeGreaterThan(4000);
  expect(documents.size).toBe(sent);
  expect(jobs.size).toBe(10);
  expect([...tasks].sort()).toEqual([...DOCUMENT_TASKS].sort());
});
