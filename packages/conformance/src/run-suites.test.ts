import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSketcher } from '@phalanx/sketch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atlas } from './atlas.js';
import { canonicalJsonSuite } from './canonical-json.js';
import { makeContentWordReader } from './content-words.js';
import { nearRepeats } from './near-repeats.js';
import { runSuites } from './run-suites.js';
import type { Suite } from './suite.js';
import { templateFingerprint } from './template-fingerprint.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function collect(suites: readonly Suite[], vectors?: string) {
  const lines: string[] = [];
  const totals = await runSuites(suites, {
    root,
    print: (line) => lines.push(line),
    ...(vectors && { vectors }),
  });
  return { totals, lines };
}

describe('runSuites', () => {
  it('passes the suites that need nothing foreign', async () => {
    const { totals, lines } = await collect([canonicalJsonSuite, templateFingerprint]);
    expect(totals).toEqual({ passed: 95, failed: 0 });
    expect(lines.at(-1)).toBe('95 passed, 0 failed');
  });

  it('says what it skips without vectors, and fails nothing', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'phalanx-none-'));
    try {
      const { totals, lines } = await collect([atlas, nearRepeats], empty);
      expect(totals).toEqual({ passed: 0, failed: 0 });
      expect(lines).toContain('atlas: 0 passed, 0 failed, 1 skipped (no folder of vectors)');
    } finally {
      rmSync(empty, { recursive: true });
    }
  });

  it('counts a failed check and a suite that throws, and goes on', async () => {
    const wrong: Suite = {
      name: 'wrong',
      what: 'fails',
      async run(checks) {
        checks.equal('one', '1', '2');
        throw new Error('broken');
      },
    };
    const { totals, lines } = await collect([wrong, canonicalJsonSuite]);
    expect(totals).toEqual({ passed: 28, failed: 2 });
    expect(lines).toContain('FAIL wrong: one: 1, expected 2');
    expect(lines).toContain('wrong: 0 passed, 2 failed, 0 skipped');
  });
});

describe('content words', () => {
  const lists = JSON.parse(readFileSync(join(root, 'docs/spec/vectors/template-fingerprint.json'), 'utf8'));
  const read = makeContentWordReader(lists);
  const sketcher = createSketcher(new Uint8Array(32).fill(9));

  it('are as many as the kernel samples, up to eight, and equal words mean equal hashes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc
        .array(fc.constantFrom('river', 'which', 'Straße', '水', '河川', 'x1', '2nd', 'Name', 'ΣΟΦΟΣ'), {
          maxLength: 12,
        })
        .map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (prompt) => {
        const { text: words, units } = read(prompt);
        const sketch = sketcher.sketchPrompt(prompt);
        const sampled = new Uint16Array(sketch.topics.slice().buffer).filter((topic) => topic !== 0).length;
        expect(sampled).toBe(Math.min(8, units.size));
        expect(sketcher.sketchPrompt(words).hash).toBe(sketch.hash);
      }),
      { numRuns: 500 },
    );
  });
});
