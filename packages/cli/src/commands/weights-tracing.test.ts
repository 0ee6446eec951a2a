import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { Random } from '@phalanx/stats';
import { encodeNumbers, writeSafetensors } from '@phalanx/weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../program.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-tracing-'));
const at = (name: string) => join(folder, name);
const model = at('model.safetensors');

beforeAll(async () => {
  const random = new Random(1);
  const values = Float32Array.from({ length: 300 * 200 }, () => random.normal());
  const tensor = {
    name: 'layer.weight',
    format: 'BF16',
    shape: [300, 200],
    chunks: () => [encodeNumbers('BF16', values)],
  };
  writeFileSync(model, await buffer(writeSafetensors([tensor])));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function run(...args: string[]) {
  let out = '';
  let talk = '';
  const code = await runCli(args[0] === 'ledger' ? args : ['weights', ...args], {
    out: (text) => {
      out += text;
    },
    talk: (text) => {
      talk += text;
    },
    env: { PHALANX_PASSPHRASE: 'five random words for this test' },
    outIsScreen: false,
    talkIsScreen: false,
    columns: 80,
  });
  return { code, out, talk };
}

describe('weights mark-key, mark and trace', () => {
  it('find the copy that turned up, and register it for its owner alone', { timeout: 180_000 }, async () => {
    const own = ['--key', at('k'), '--data', at('data')];
    const key = await run(
      'mark-key',
      at('k'),
      '--model',
      model,
      '--colluders',
      '1',
      '--noise',
      '1',
      '--data',
      at('data'),
      '--json',
    );
    expect(key.code).toBe(0);
    expect(JSON.parse(key.out)).toMatchObject({ tensors: 1, index: null, parameters: { amplitude: 1 } });
    expect(readFileSync(`${at('k')}.json`, 'utf8')).not.toContain('secret"');
    for (const [kind, name] of [
      ['--recipient', 'Lab\u001B[31m A'],
      ['--location', 'bucket'],
    ] as const) {
      const { code, talk } = await run('mark', model, ...own, kind, name, '--out', at(`${kind}.safetensors`));
      expect(code).toBe(0);
      expect(talk).toContain('no log');
    }
    expect(statSync(at('data/weight-copies.jsonl')).mode & 0o777).toBe(0o600);
    const again = await run('mark', model, ...own, '--location', 'bucket', '--out', at('again.safetensors'));
    expect(again).toMatchObject({ code: 2 });
    expect(again.talk).toContain('has a copy under this key already');

    const found = await run('trace', at('--recipient.safetensors'), '--base', model, ...own);
    expect(found.code).toBe(1);
    expect(found.out).toContain('verdict     1 copy named\n');
    expect(found.out).toMatch(/^named {7}recipient Lab\\u\{1b\}\[31m A: p at most 10\^−\d/m);
    const base = await run('trace', model, '--base', model, ...own);
    expect(base).toMatchObject({ code: 0 });
    expect(base.out).toContain('nobody is named');
    writeFileSync(at('list'), 'somebody else\nlocation:bucket\n');
    const listed = await run(
      'trace',
      at('--location.safetensors'),
      '--base',
      model,
      ...own,
      '--recipients',
      at('list'),
      '--json',
    );
    expect(listed.code).toBe(1);
    expect(JSON.parse(listed.out)).toMatchObject({
      holders: 2,
      accusations: [{ holder: { kind: 'location', name: 'bucket' }, named: true }, { named: false }],
    });
  });

  it('refuse a key or a register that was changed', { timeout: 180_000 }, async () => {
    const own = ['--key', at('k'), '--data', at('data')];
    const register = at('data/weight-copies.jsonl');
    const lines = readFileSync(register, 'utf8');
    writeFileSync(register, lines.replace('"bucket"', '"docket"'));
    const changed = await run('trace', model, '--base', model, ...own);
    expect(changed).toMatchObject({ code: 3 });
    expect(changed.talk).toContain('was changed: docket');
    writeFileSync(register, lines);
    const plain = readFileSync(`${at('k')}.json`, 'utf8');
    writeFileSync(`${at('k')}.json`, plain.replace('"amplitude":1', '"amplitude":2'));
    const other = await run('trace', model, '--base', model, ...own);
    expect(other).toMatchObject({ code: 2 });
    expect(other.talk).toContain('is not what');
    writeFileSync(`${at('k')}.json`, plain);
  });

  it('commit to key and copy in the log of a data directory', { timeout: 180_000 }, async () => {
    const data = ['--data', at('logged'), '--json'];
    await run('ledger', 'init', '--origin', 'node.lab.example', '--unencrypted', ...data);
    const key = await run('mark-key', at('l'), '--model', model, '--colluders', '1', '--noise', '1', ...data);
    expect(JSON.parse(key.out)).toMatchObject({ index: 0 });
    const copy = await run(
      ...['mark', model, '--key', at('l'), '--recipient', 'Ada', '--out', at('logged.safetensors'), ...data],
    );
    const { copySha256, index } = JSON.parse(copy.out);
    expect(index).toBe(1);
    const [entry] = readFileSync(at('logged/weight-copies.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(entry!)).toMatchObject({ copySha256, holder: { kind: 'recipient', name: 'Ada' } });
    const log = readdirSync(at('logged/ledger/log'), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'))
      .join('');
    for (const digest of [copySha256, JSON.parse(entry!).recipientSha256, JSON.parse(entry!).codeSha256])
      expect(log).toContain(digest);
    expect(log).not.toContain('Ada');
  });
});
