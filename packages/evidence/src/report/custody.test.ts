import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeCustodyGraph } from './custody.js';
import { makeSampleCaseFile } from './sample-case-file.test.support.js';
import { makeUuidV5 } from './uuid.js';

interface Node {
  readonly '@id': string;
  readonly '@type': string;
  readonly [name: string]: unknown;
}

function nodesOf(text: string): Node[] {
  return (JSON.parse(text) as { '@graph': Node[] })['@graph'];
}

it('makes the UUID that RFC 9562 prints', () => {
  expect(makeUuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
});

describe('the chain of custody', () => {
  const text = writeCustodyGraph(makeSampleCaseFile());
  const nodes = nodesOf(text);

  it('is the same for the same case file', () => {
    if (process.env.PHALANX_SCREENSHOTS)
      writeFileSync(join(process.env.PHALANX_SCREENSHOTS, 'custody.case.jsonld'), text);
    expect(writeCustodyGraph(makeSampleCaseFile())).toBe(text);
    const file = makeSampleCaseFile();
    expect(writeCustodyGraph({ ...file, custody: file.custody.toReversed() })).toBe(text);
  });

  it('names everything that it refers to, once', () => {
    const ids = nodes.map((node) => node['@id']);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of text.matchAll(/"@id": "([^"]+)"/g)) expect(ids).toContain(id);
  });

  it('has an action a step, informed by those whose results it used', () => {
    const actions = nodes.filter((node) => node['@type'] === 'case-investigation:InvestigativeAction');
    expect(actions.map((action) => action['uco-core:name'])).toEqual([
      'collected',
      'committed',
      'detected',
      'exported',
      'disclosed',
    ]);
    const informants = actions.map((action) =>
      ((action['case-investigation:wasInformedBy'] ?? []) as Node[]).map((one) => one['@id']),
    );
    const id = (i: number) => actions[i]!['@id'];
    expect(informants).toEqual([[], [id(0)], [id(0)], [id(1), id(2)], [id(3)]]);
  });

  it('gives one file one identifier in every case', () => {
    const other = nodesOf(writeCustodyGraph({ ...makeSampleCaseFile(), caseId: 'another' }));
    const files = (list: Node[]) =>
      list.filter((node) => node['@type'] === 'uco-observable:File').map((node) => node['@id']);
    const actions = (list: Node[]) =>
      list.filter((node) => node['@type'].endsWith('Action')).map((node) => node['@id']);
    expect(files(other)).toEqual(files(nodes));
    expect(actions(other)).not.toEqual(actions(nodes));
  });

  it('spells out what cannot be seen', () => {
    const file = makeSampleCaseFile();
    const out = writeCustodyGraph({
      ...file,
      caseId: '\u202E\uD800',
      madeBy: { ...file.madeBy, person: '\u200Bx' },
    });
    expect(out).not.toMatch(/[\p{Cs}\u200B\u202E]|\\ud800/u);
  });
});
