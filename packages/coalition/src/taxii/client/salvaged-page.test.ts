import { utf8 } from '@phalanx/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseJson } from '../../stix/json-text.js';
import { readUnreadable, salvagePage } from './salvaged-page.js';

const HOSTILE = [
  '{"id":"a","id":"b"}',
  '{"n":9007199254740993}',
  '{"s":"\\ud800"}',
  `{"deep":${'['.repeat(40)}${']'.repeat(40)}}`,
  `{"long":"${'x'.repeat(70_000)}"}`,
  '{"n":1e999}',
  '{"n":NaN}',
  '{"n":01}',
];

it('reads what is around hostile objects, whatever strings look like', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...HOSTILE.map((text) => ({ text })))),
      ),
      fc.record({ more: fc.boolean(), next: fc.oneof(fc.string(), fc.constant('"objects":[{')) }),
      fc.boolean(),
      (drawn, around, isLast) => {
        const isHostile = (item: unknown): item is { text: string } =>
          typeof item === 'object' && item !== null && HOSTILE.includes((item as { text: string }).text);
        const texts = drawn.map((item) => (isHostile(item) ? item.text : JSON.stringify(item)));
        const rest = JSON.stringify(around).slice(1, -1);
        const list = `"objects" : [ ${texts.join(' ,\n')} ]`;
        const page = salvagePage(utf8(`{${isLast ? `${rest},${list}` : `${list},${rest}`}}`)) as {
          objects: unknown[];
          more: boolean;
          next: string;
        };
        // What parseJson refuses as a page is not refused for what is around.
        if (!isReadable(rest)) return;
        expect(page).toMatchObject(around);
        expect(page.objects.length).toBe(drawn.length);
        for (const [at, item] of drawn.entries()) {
          const why = readUnreadable(page.objects[at] as string);
          if (isHostile(item) || !isReadable(`"a":${texts[at]!}`))
            expect(why).toMatch(/^cannot be read \(SHA-256 [0-9a-f]{64}\): /);
          else expect(page.objects[at]).toEqual(JSON.parse(texts[at]!));
        }
      },
    ),
  );
});

function isReadable(members: string): boolean {
  try {
    parseJson(utf8(`{${members}}`));
    return true;
  } catch {
    return false;
  }
}

it.each([
  '',
  'null',
  '[]',
  '{}',
  '{"objects":{}}',
  '{"objects":[}',
  '{"objects":[1],"objects":[2]}',
  '{"a":{"objects":[1]}}',
  '{"objects":[1]',
  '{"objects":[1]}}',
  '{"objects":["a]}',
  '{"more":9007199254740993,"objects":[1]}',
])('gives nothing for %s', (text) => expect(salvagePage(utf8(text))).toBeNull());
