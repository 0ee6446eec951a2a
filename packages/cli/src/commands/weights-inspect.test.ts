import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@phalanx/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-inspect-'));
const file = join(folder, 'm.safetensors');

beforeAll(async () => {
  const tensor = (name: string, shape: number[]) => ({
    name,
    format: 'BF16',
    shape,
    chunks: () => [new Uint8Array(shape.reduce((a, b) => a * b, 2))],
  });
  const parts: Uint8Array[] = [];
  for await (const part of writeSafetensors(
    [tensor('a\u202Eb\u001B[31m', [2, 3]), tensor('none', [0]), tensor('scalar', [])],
    new Map([['note', 'line\nnext\u200B']]),
  ))
    parts.push(part);
  writeFileSync(file, Buffer.concat(parts));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  let out = '';
  let talk = '';
  const code = await runCli(['weights', 'inspect', ...args], {
    out: (text) => {
      out += text;
    },
    talk: (text) => {
      talk += text;
    },
    env: {},
    outIsScreen: false,
    talkIsScreen: false,
    columns: 80,
  });
  return { code, out, talk };
}

describe('weights inspect', () => {
  it('says what a file holds, and shows what would hide', async () => {
    const { code, out } = await run(file, '--tensors');
    expect(code).toBe(0);
    expect(out).toContain('container   safetensors\n');
    expect(out).toContain('tensors     3\nparameters  7\nformat      BF16: 3 tensors, 14 bytes\n');
    expect(out).toContain('metadata    note = line\\u{a}next\\u{200b}\n');
    expect(out).toContain('a\\u{202e}b\\u{1b}[31m  BF16  2 x 3\n');
    expect(out).toContain('scalar  BF16  scalar\n');
    for (const hidden of '\u202E\u001B\u200B') expect(out).not.toContain(hidden);
  });

  it('answers machines, for a folder too', async () => {
    const { code, out } = await run(folder, '--json', '--tensors');
    expect(code).toBe(0);
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({
      verdict: 'readable',
      container: 'safetensors',
      tensors: 3,
      parameters: 7,
    });
    expect(answer.list).toHaveLength(3);
    expect(answer.metadata).toEqual({ note: 'line\nnext\u200B' });
  });
});
