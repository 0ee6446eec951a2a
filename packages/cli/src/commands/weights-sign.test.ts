import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyWeightStatement } from '@phalanx/weights';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Terminal } from '../terminal.js';
import { type SignWeightsFlags, signWeightsCommand } from './weights-sign.js';
import {
  type SignStatementFlags,
  signStatementCommand,
  verifyStatementCommand,
} from './weights-statement.js';
import { type TrustFlags, type VerifyWeightsFlags, verifyWeightsCommand } from './weights-verify.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-sign-'));
const model = join(folder, 'model');
const [key, publicKey] = [join(folder, 'key.pem'), join(folder, 'public.pem')];

beforeAll(() => {
  mkdirSync(join(model, 'sub'), { recursive: true });
  writeFileSync(join(model, 'weights.bin'), new Uint8Array(3_000));
  writeFileSync(join(model, 'sub/notes.txt'), 'notes');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  writeFileSync(key, pair.privateKey.export({ format: 'pem', type: 'sec1' }), { mode: 0o600 });
  writeFileSync(publicKey, pair.publicKey.export({ format: 'pem', type: 'spki' }));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function run(command: (terminal: Terminal) => Promise<number>): Promise<{ code: number; out: string }> {
  let out = '';
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    talk: () => undefined,
    env: {},
    outIsScreen: false,
    talkIsScreen: false,
    columns: 80,
  };
  return { code: await command(terminal), out };
}

const sign = (flags: Partial<SignWeightsFlags> = {}) =>
  run((terminal) =>
    signWeightsCommand(model, { key, hash: 'sha256', relation: 'fine-tune', json: true, ...flags }, terminal),
  );
const verify = (flags: VerifyWeightsFlags = {}) =>
  run((terminal) => verifyWeightsCommand(model, { publicKey, json: true, ...flags }, terminal));

it('signs all that it is asked for, none of which is part of the model', async () => {
  const first = JSON.parse((await sign()).out);
  const bom = join(model, 'bom.json');
  const again = JSON.parse(
    (await sign({ chunks: true, derivedFrom: [join(model, 'model.sig'), 'a'.repeat(64)], bom })).out,
  );
  expect(again.root).toBe(first.root);
  expect(again.files).toHaveLength(5);
  expect(again.resources).toBe(2);
  const verified = await verify();
  expect([verified.code, JSON.parse(verified.out).verdict]).toEqual([0, 'verified']);
  const bundle = readFileSync(join(model, 'model.derived-from.sig'));
  const { statement } = verifyWeightStatement(bundle, { publicKey: readFileSync(publicKey) });
  expect(statement).toMatchObject({
    kind: 'derived-from',
    root: first.root,
    predicate: {
      parents: [
        { name: 'model', relation: 'fine-tune', root: first.root },
        { relation: 'fine-tune', root: 'a'.repeat(64) },
      ],
    },
  });
  expect(readFileSync(join(model, 'model.chunks'))).toHaveLength(2 * 32);
  expect(JSON.parse(readFileSync(bom, 'utf8')).metadata.component.name).toBe('model');
  rmSync(bom);
});

it('signs ranges and ignores what is said', async () => {
  const signed = JSON.parse((await sign({ shards: '1000', hash: 'blake2b', ignore: ['sub/'] })).out);
  expect([signed.hash, signed.shardBytes, signed.resources]).toEqual(['blake2b', 1_000, 3]);
  writeFileSync(join(model, 'sub/more.txt'), 'more');
  expect((await verify()).code).toBe(0);
  writeFileSync(join(model, 'more.txt'), 'more');
  const refused = await verify();
  expect(refused.code).toBe(1);
  expect(JSON.parse(refused.out)).toMatchObject({
    verdict: 'refused',
    differences: { unlisted: ['more.txt'] },
  });
  expect((await verify({ allowUnlisted: true })).code).toBe(0);
  expect((await verify({ ignore: ['more.txt'] })).code).toBe(0);
});

it.each<[string, Partial<SignWeightsFlags>, string]>([
  ['a key that others may read', { key: publicKey }, 'LEDGER_KEY_FILE'],
  ['blake3 in ranges', { hash: 'blake3', shards: true }, 'WEIGHTS_ARGUMENT'],
  ['ranges of no size', { shards: '0' }, 'CLI_USAGE'],
  ['an unknown relation', { relation: 'cousin' }, 'CLI_USAGE'],
  ['a certificate file without one', { certificate: publicKey }, 'CLI_USAGE'],
])('refuses %s', async (_, flags, code) => {
  await expect(sign(flags)).rejects.toMatchObject({ code });
});

it('states deliveries and withdrawals, which others verify', async () => {
  await sign();
  const out = join(folder, 'statement.sig');
  const state = (flags: Partial<SignStatementFlags>) =>
    run((terminal) => signStatementCommand(join(model, 'model.sig'), { key, out, ...flags }, terminal));
  const read = (flags: TrustFlags) =>
    run((terminal) => verifyStatementCommand(out, { json: true, ...flags }, terminal));
  await state({ deliveredTo: 'Ada Labs', copy: 'copy 7', commitment: 'b'.repeat(64) });
  const delivered = await read({ publicKey });
  expect(delivered.code).toBe(0);
  expect(JSON.parse(delivered.out)).toMatchObject({
    verdict: 'verified',
    kind: 'delivered-to',
    predicate: { recipient: 'Ada Labs', copy: 'copy 7', commitment: 'b'.repeat(64) },
  });
  await state({ withdrawn: 'a leak' });
  expect(JSON.parse((await read({ publicKey })).out)).toMatchObject({ predicate: { reason: 'a leak' } });
  const stranger = join(folder, 'stranger.pem');
  const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(stranger, other.export({ format: 'pem', type: 'spki' }));
  expect(await read({ publicKey: stranger })).toMatchObject({ code: 1 });
  for (const flags of [{}, { deliveredTo: 'Ada' }, { withdrawn: 'a', copy: 'b' }])
    await expect(state(flags)).rejects.toMatchObject({ code: 'CLI_USAGE' });
});
