// Writes docs/spec/vectors/coalition-trust.json. After `npx tsc -b packages/coalition`: node packages/coalition/build-trust-vectors.mjs
import { createHash, createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import {
  boundReplay,
  DEFAULT_TERMS,
  decayScore,
  findWarning,
  judgeReplay,
  keyOfTrace,
  listCanaries,
  permanentList,
  promiseCanaries,
  readTraces,
  signOverride,
} from './dist/trust/index.js';
import { learnPrecision } from './dist/trust/lab-precision.js';

const params = 'ab'.repeat(32);
const fingerprint = (digest) =>
  `(x-llm-prompt-fingerprint:params_digest = '${params}' AND x-llm-prompt-fingerprint:digest = '${digest}')`;
const patterns = [
  `[${fingerprint('cd'.repeat(64))} OR ${fingerprint('ef'.repeat(64))}]`,
  "[x-oprf-token:key_epoch = 'e1' AND x-oprf-token:token = '00112233445566778899aabbccddeeff']",
  "[network-traffic:src_ref.value ISSUBSET '20.1.2.0/24'] OR [ipv4-addr:value = '20.1.3.4']",
  `[${fingerprint('cd'.repeat(64))}] FOLLOWEDBY [ipv4-addr:value = '20.1.3.4']`,
  "[domain-name:value = 'lab.example']",
];
const population = { accounts: 10_000, good: 6_000, suspected: 300 };
const families = [
  [[40, 0, 36]],
  [[1, 1, 0]],
  [
    [40, 0, 36],
    [25, 20, 0],
    [6, 0, 6],
    [4, 0, 4],
    [300, 40, 20],
  ],
];
const hitsOf = ([accounts, good, suspected]) => ({ accounts, good, suspected, findings: [] });
const DAY = 86_400_000;
const now = Date.UTC(2026, 10, 23);
const outcomes = [
  { member: 'b', kind: 'address-range', subject: '1', wasRight: true, weight: 1, atMs: now },
  { member: 'b', kind: 'address-range', subject: '2', wasRight: true, weight: 1, atMs: now - 90 * DAY },
  { member: 'b', kind: 'address-range', subject: '3', wasRight: false, weight: 0.2, atMs: now - 45 * DAY },
];
const seed = createHash('sha256').update('canaries').digest();
const planting = { seed: new Uint8Array(seed), paramsDigest: params, count: 2 };
// PKCS#8 of an Ed25519 key whose 32 bytes are a hash: for this file alone.
const pkcs8 = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  createHash('sha256').update('counsel').digest(),
]);
const counsel = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
const body = {
  type: 'phalanx-override-1',
  indicator: 'indicator--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a09',
  digest: '00'.repeat(32),
  reason: 'own-victim',
  counsel: 'counsel',
  issuedAtMs: now,
  expiresAtMs: now + 7 * DAY,
};

const vectors = {
  traces: patterns.map((pattern) => ({ pattern, keys: readTraces(pattern)?.map(keyOfTrace) ?? null })),
  warnings: ['100.64.8.0/24', '20.1.2.0/24', '20.0.0.0/16', '2001:db8:1::/48', '2a00:1:2::/48'].map(
    (block) => ({
      block,
      list: findWarning(readTraces(`[ipv4-addr:value = '${block}']`)[0], [permanentList()]),
    }),
  ),
  replays: families.map((family) => ({
    population,
    families: 3,
    hits: family,
    judgements: judgeReplay(family.map(hitsOf), population, 3, DEFAULT_TERMS),
    bounds: family.map((hit) => boundReplay(hitsOf(hit), population)),
  })),
  precision: {
    outcomes,
    atMs: now,
    kind: 'address-range',
    learnt: learnPrecision(outcomes, 'address-range', now, 90 * DAY),
  },
  decay: [0, 15, 29, 30].map((days) => ({
    kind: 'address-range',
    days,
    left: decayScore('address-range', 0, days * DAY),
  })),
  canaries: {
    seed: seed.toString('hex'),
    params_digest: params,
    count: 2,
    keys: listCanaries(planting).map(keyOfTrace),
    promise: promiseCanaries(planting).commitment,
  },
  override: { private_key: pkcs8.toString('base64'), message: signOverride(body, counsel) },
};
const file = new URL('../../docs/spec/vectors/coalition-trust.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`);
