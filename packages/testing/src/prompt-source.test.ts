import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { loadPromptFolder } from './prompt-source.js';

const folder = mkdtempSync(join(tmpdir(), 'prompts-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(
  join(folder, 'b.jsonl'),
  '{"text":"one","side":"attack","kind":"tool"}\n{"text":" "}\n{"text":"two"}\n',
);
writeFileSync(join(folder, 'a.jsonl.gz'), gzipSync('{"text":"hello there"}\n'));
writeFileSync(join(folder, 'notes.txt'), 'not a source');

describe('loadPromptFolder', () => {
  it('reads plain and gzipped files, name, side and kind', () => {
    const sources = loadPromptFolder(folder);
    expect(sources.map(({ name, side, kind, texts }) => ({ name, side, kind, texts }))).toEqual([
      { name: 'a', side: 'benign', kind: 'chat_real', texts: ['hello there'] },
      { name: 'b', side: 'attack', kind: 'tool', texts: ['one', 'two'] },
    ]);
    expect(loadPromptFolder(folder, ['b']).map(({ name }) => name)).toEqual(['b']);
  });

  it('names the row that it cannot use, and a missing file', () => {
    writeFileSync(join(folder, 'bad.jsonl'), '{"text":"x"}\n{"txt":"x"}\n');
    expect(() => loadPromptFolder(folder, ['bad'])).toThrowError('bad.jsonl:2 has no text');
    expect(() => loadPromptFolder(folder, ['absent'])).toThrowError(/no prompt file absent/);
  });
});
