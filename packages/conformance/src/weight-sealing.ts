import { execFile } from 'node:child_process';
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { HOUR_MS, PhalanxError } from '@phalanx/core';
import {
  type AgeKeyKind,
  type Approver,
  approve,
  findSigners,
  formatTerms,
  generateIdentity,
  keyIdOf,
  makeLease,
  type PacedContainer,
  parseApprovers,
  parseManifest,
  ReleaseService,
  recipientOf,
  sealPaced,
} from '@phalanx/weights';
import { type AgeJudge, buildAge, findAge } from './age-judges.js';
import { checkAgeVectors } from './age-vectors.js';
import type { Checks } from './checks.js';
import { askThroughKills, CONTAINER_RATE, type KilledDesk, LEASE_RATES } from './killed-desk.js';
import { openBytes, openBytesByRange, sealBytes } from './sealed-bytes.js';
import type { Suite } from './suite.js';

const SIZES = [0, 1, 65_535, 65_536, 65_537, 3 * 65_536, 10_000_000];
const KINDS: readonly AgeKeyKind[] = ['X25519', 'ML-KEM-768 with X25519'];
const KILLS = 200;
const HOUR = 2_000;
const DEFECT_KILLS = 16;
/** Longer than most of the defective service's lives. */
const LATE_MS = 1_000;

/** Sealing before the programs that define its format, and the release service under kills. */
export const weightSealing: Suite = {
  name: 'weight-sealing',
  what: 'sealed weights: age and its test vectors both ways, every altered bit, openssl on approvals, the release service killed 200 times',
  async run(checks) {
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-sealing-'));
    try {
      const judges: AgeJudge[] = [];
      const installed = await findAge(folder);
      if (typeof installed === 'string') checks.skip(installed);
      else judges.push(installed);
      const modules = await buildAge(folder);
      if (typeof modules === 'string') checks.skip(modules);
      else {
        judges.push(modules.judge);
        await checkAgeVectors(checks, modules.vectors);
      }
      for (const judge of judges) await checkBothWays(checks, judge);
      await checkEveryBit(checks);
      await checkReleasedHeader(checks, judges, folder);
      await checkOpenssl(checks, folder);
      mkdirSync(join(folder, 'desk'));
      await checkKills(checks, await askThroughKills(join(folder, 'desk'), KILLS, HOUR));
      mkdirSync(join(folder, 'defect'));
      const late = await askThroughKills(join(folder, 'defect'), DEFECT_KILLS, HOUR, LATE_MS);
      checks.check('a service that logs after it hands out is found out', countUnlogged(late) > 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Each opens what the other sealed, by stream and by ranges. */
async function checkBothWays(checks: Checks, judge: AgeJudge): Promise<void> {
  for (const kind of KINDS) {
    if (kind !== 'X25519' && !judge.isPostQuantum) {
      checks.skip(`${judge.name} has no post-quantum recipients`);
      continue;
    }
    const identity = await generateIdentity(kind);
    const recipient = await recipientOf(identity);
    for (const size of SIZES) {
      const plain = randomBytes(size);
      const what = `${judge.name}, ${kind}, ${size} bytes`;
      const ours = await judge.open(await sealBytes(plain, [recipient]), identity);
      checks.check(`${what}: theirs opens ours`, Buffer.compare(ours, plain) === 0);
      const sealed = await judge.seal(plain, recipient);
      for (const open of [openBytes, openBytesByRange])
        checks.check(
          `${what}: ours opens theirs, ${open.name}`,
          Buffer.compare((await open(sealed, [identity])).plain, plain) === 0,
        );
    }
  }
}

/** Every bit of a small file, every length, and every byte of one with a post-quantum header. */
async function checkEveryBit(checks: Checks): Promise<void> {
  let tried = 0;
  for (const kind of KINDS) {
    const identity = await generateIdentity(kind);
    const file = await sealBytes(randomBytes(100), [await recipientOf(identity)]);
    const bits = kind === 'X25519' ? [0, 1, 2, 3, 4, 5, 6, 7] : [0];
    const opened: string[] = [];
    const expectRefusal = async (what: string, altered: Uint8Array) => {
      tried++;
      for (const open of [openBytes, openBytesByRange])
        if (!PhalanxError.is((await open(altered, [identity])).error, 'WEIGHTS_SEAL')) opened.push(what);
    };
    for (let at = 0; at < file.length; at++)
      for (const bit of bits) {
        const altered = Uint8Array.from(file);
        altered[at]! ^= 1 << bit;
        await expectRefusal(`byte ${at}, bit ${bit}`, altered);
      }
    for (let length = 0; length < file.length; length++)
      await expectRefusal(`${length} bytes`, file.subarray(0, length));
    checks.check(`${kind}: whatever is altered or cut is refused`, opened.length === 0, () =>
      opened.slice(0, 5).join('; '),
    );
  }
  checks.note(`${tried} altered or cut files`);
}

/** A released header before a segment's payload is an age file for the lessee, as the segment itself is for the service. */
async function checkReleasedHeader(
  checks: Checks,
  judges: readonly AgeJudge[],
  folder: string,
): Promise<void> {
  const identity = await generateIdentity('X25519');
  const plain = randomBytes(100_000);
  writeFileSync(join(folder, 'model.bin'), plain);
  const container = await sealPaced(join(folder, 'model.bin'), join(folder, 'container'), {
    service: await recipientOf(identity),
    segmentBytes: 65_536,
    keysPerHour: 2,
  });
  for (const judge of judges)
    for (const kind of KINDS) {
      if (kind !== 'X25519' && !judge.isPostQuantum) continue;
      const lessee = await generateIdentity(kind);
      const released = await releaseAll(container, identity, lessee);
      for (const [i, header] of released.entries()) {
        const own = Buffer.from(container.manifest.segments[i]!.header, 'base64');
        const file = readFileSync(join(folder, 'container', `00000${i}.age`));
        const expected = plain.subarray(65_536 * i, 65_536 * (i + 1));
        const forService = await judge.open(file, identity);
        checks.check(
          `${judge.name}: segment ${i} for the service`,
          Buffer.compare(forService, expected) === 0,
        );
        const found = await judge.open(Buffer.concat([header, file.subarray(own.length)]), lessee);
        checks.check(`${judge.name}: segment ${i} for a lessee`, Buffer.compare(found, expected) === 0);
      }
    }
}

/** Headers of all segments, as a release service hands them out. */
async function releaseAll(
  container: PacedContainer,
  identity: string,
  lessee: string,
): Promise<readonly Uint8Array[]> {
  const people = [0, 1].map(() => generateKeyPairSync('ed25519').privateKey);
  const service = await ReleaseService.open({
    identity,
    containers: [container],
    approvers: listApprovers(people),
    by: 'desk',
    history: [],
    record: async () => undefined,
  });
  const lease = makeLease(container, {
    recipient: await recipientOf(lessee),
    segments: 'all',
    keysPerHour: 2,
    notBeforeMs: 0,
    notAfterMs: Date.now() + HOUR_MS,
    purpose: 'a header that age reads',
  });
  const approvals = people.map((key) => approve(lease, key));
  const { leaseSha256, token } = await service.submit({
    schema: 'phalanx.signed-lease.v1',
    lease,
    approvals,
  });
  const { plain } = await openBytes(token, [lessee]);
  const { keys } = await service.release(leaseSha256, Buffer.from(plain).toString('latin1'), [0, 1]);
  return keys.map(({ header }) => header);
}

function listApprovers(keys: readonly KeyObject[]): readonly Approver[] {
  return parseApprovers(
    JSON.stringify(
      keys.map((key, i) => ({
        name: `${i}`,
        publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }),
      })),
    ),
  );
}

/** openssl signs a lease and checks our signatures: Ed25519 and ECDSA on P-256. */
async function checkOpenssl(checks: Checks, folder: string): Promise<void> {
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args);
  try {
    await openssl('version');
  } catch {
    checks.skip('no openssl');
    return;
  }
  const manifest = readFileSync(join(folder, 'container', 'manifest.json'));
  const lease = makeLease(parseManifest(manifest), {
    recipient: await recipientOf(await generateIdentity('X25519')),
    segments: 'all',
    keysPerHour: 1,
    notBeforeMs: 0,
    notAfterMs: 1,
    purpose: 'a lease that openssl signs',
  });
  const at = (name: string) => join(folder, name);
  writeFileSync(at('terms'), formatTerms(lease));
  const keys = [
    generateKeyPairSync('ed25519').privateKey,
    generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  ];
  const approvers = listApprovers(keys);
  for (const [i, key] of keys.entries()) {
    writeFileSync(at('key.pem'), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(at('pub.pem'), createPublicKey(key).export({ type: 'spki', format: 'pem' }));
    const isEdwards = i === 0;
    const args = isEdwards ? ['-rawin'] : ['-rawin', '-digest', 'sha256'];
    await openssl(
      'pkeyutl',
      '-sign',
      ...args,
      '-inkey',
      at('key.pem'),
      '-in',
      at('terms'),
      '-out',
      at('sig'),
    );
    const theirs = { keyId: keyIdOf(key), signature: readFileSync(at('sig')).toString('base64') };
    checks.check(`openssl approves, key ${i}`, findSigners(lease, [theirs], approvers).length === 1);
    writeFileSync(at('sig'), Buffer.from(approve(lease, key).signature, 'base64'));
    const verify = ['-verify', '-pubin', '-inkey', at('pub.pem'), '-in', at('terms'), '-sigfile', at('sig')];
    const ok = await openssl('pkeyutl', ...verify, ...args).then(
      () => true,
      () => false,
    );
    checks.check(`openssl checks our approval, key ${i}`, ok);
  }
}

/** What clients have in hand against what may have been handed out. */
async function checkKills(checks: Checks, desk: KilledDesk): Promise<void> {
  const { received, statements, startMs, leaseDigests } = desk;
  const most = (rate: number, atMs: number) => rate * (Math.floor((atMs - startMs) / HOUR_MS) + 1);
  let over = 0;
  const counts = [0, 0];
  for (const { lease, atMs } of received) {
    counts[lease]!++;
    if (counts[lease]! > most(LEASE_RATES[lease]!, atMs)) over++;
    if (counts[0]! + counts[1]! > most(CONTAINER_RATE, atMs)) over++;
  }
  checks.check('clients never have more keys than hours allow', over === 0, () => `${over} times`);
  checks.check(
    'each key in hand has its leaf',
    countUnlogged(desk) === 0,
    () => `${countUnlogged(desk)} have not`,
  );

  const released = statements.flatMap((each) =>
    each.kind === 'segment-release'
      ? each.segments.map((segment) => ({
          atMs: each.atMs,
          lease: leaseDigests.indexOf(each.leaseSha256),
          segment,
        }))
      : [],
  );
  const names = released.map(({ lease, segment }) => `${lease} ${segment}`);
  checks.check('no key has two leaves', new Set(names).size === names.length);
  const inAnyHour = (times: readonly number[]) =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + HOUR_MS).length));
  for (const [lease, rate] of LEASE_RATES.entries()) {
    const found = inAnyHour(released.filter((each) => each.lease === lease).map(({ atMs }) => atMs));
    checks.check(`lease ${lease}: at most ${rate} leaves in any hour`, found <= rate, () => `${found}`);
  }
  const found = inAnyHour(released.map(({ atMs }) => atMs));
  checks.check(
    `at most ${CONTAINER_RATE} leaves of the container in any hour`,
    found <= CONTAINER_RATE,
    () => `${found}`,
  );
  checks.check('the budget was used up', found === CONTAINER_RATE);
  checks.check(
    'times of the log ascend',
    statements.every(({ atMs }, i) => atMs >= (statements[i - 1]?.atMs ?? 0)),
  );
  checks.check(
    'each lease was granted once',
    statements.filter((each) => each.kind === 'lease').length === LEASE_RATES.length,
  );

  let opened = 0;
  for (const { lease, segment, header } of received) {
    const file = readFileSync(join(desk.containerFolder, `${String(segment).padStart(6, '0')}.age`));
    const own = Buffer.from(desk.container.manifest.segments[segment]!.header, 'base64').length;
    const theirs = Buffer.concat([header, file.subarray(own)]);
    const { plain, error } = await openBytes(theirs, [desk.lessees[lease]!]);
    if (error === null && plain.length === 65_536 && plain.every((byte) => byte === 0)) opened++;
  }
  checks.check('each key in hand opens its segment', opened === received.length);
  checks.note(
    `${desk.kills} kills, ${desk.killsWhileAsked} of them while asked; ${received.length} keys in hand, ${released.length} in the log, ${desk.answers} answers with keys, ${desk.hours.toFixed(0)} hours of the desk's clock`,
  );
}

function countUnlogged({ received, statements, leaseDigests }: KilledDesk): number {
  const logged = new Set(
    statements.flatMap((each) =>
      each.kind === 'segment-release'
        ? each.segments.map((segment) => `${leaseDigests.indexOf(each.leaseSha256)} ${segment}`)
        : [],
    ),
  );
  return received.filter(({ lease, segment }) => !logged.has(`${lease} ${segment}`)).length;
}
