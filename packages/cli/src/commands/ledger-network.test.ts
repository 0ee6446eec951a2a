import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, utf8 } from '@phalanx/core';
import {
  checkPolicy,
  FolderDisk,
  formatVerifierKey,
  gatherCosignatures,
  makeNoteSigner,
  makeVerifierKey,
  parseCheckpoint,
  parseEquivocation,
  parseNote,
  parseTrustPolicy,
  parseVerifierKey,
  provesEquivocation,
  SignatureType,
  SlotLog,
  signingKeyOf,
  TransparencyLog,
  verifyAnchor,
  witnessesOf,
} from '@phalanx/ledger';
import { afterAll, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'phalanx-network-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(root, { recursive: true });
});

const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
const verifier = makeVerifierKey('log.example', SignatureType.ED25519, key.publicKey);

function openLog(name: string): Promise<TransparencyLog> {
  return TransparencyLog.open({
    disk: new FolderDisk(join(root, name)),
    state: new FolderDisk(join(root, `${name}-state`)),
    origin: 'log.example',
    signers: [makeNoteSigner('log.example', key)],
    verifiers: [verifier],
  });
}

const entries = (n: number, label = 'entry') => Array.from({ length: n }, (_, i) => utf8(`${label} ${i}`));

/** Runs until it ends. */
async function run(...args: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'ledger', ...args], { cwd: root });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

/** Runs until it is told to end; its first line is awaited. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'ledger', ...args, '--listen', '127.0.0.1:0', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(...text.trim().split('\n')));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const until = async (n: number) => {
    while (lines.length < n) await new Promise((resolve) => child.stdout.once('data', resolve));
    return JSON.parse(lines[n - 1]!);
  };
  return {
    first: await until(1),
    until,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

it('a log is served, witnessed and audited, and its fork is proved', { timeout: 180_000 }, async () => {
  expect(existsSync(MAIN), 'build first: tsc -b').toBe(true);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' });
  writeFileSync(join(root, 'witness.pem'), pem, { mode: 0o600 });
  const log = await openLog('log');
  log.append(entries(300));
  await log.publish();

  const logKey = formatVerifierKey(verifier);
  const witness = await start('witness', 'w', '--name', 'w.example', '--key', 'witness.pem', '--log', logKey);
  const served = await start('serve', 'log');
  expect(served.first).toEqual({ url: served.first.url, origin: 'log.example', size: 300 });
  const lines = `log ${logKey}\nwitness W ${witness.first.key} ${witness.first.url}\nquorum W\n`;
  writeFileSync(join(root, 'policy'), lines);
  const policy = parseTrustPolicy(utf8(lines));

  // Not cosigned yet.
  const early = await run('audit', served.first.url, '--policy', 'policy', '--state', 'seen');
  expect([early.status, early.stdout]).toEqual([
    1,
    expect.stringMatching(/^not shown {2}W needs .*LEDGER_QUORUM/),
  ]);
  const cosign = async () => {
    const { note, isWitnessed } = await gatherCosignatures(log, witnessesOf(policy), policy);
    expect([isWitnessed, log.serve(note)]).toEqual([true, true]);
  };
  await cosign();
  const first = await run('audit', served.first.url, '--policy', 'policy', '--state', 'seen');
  expect([first.status, first.stderr]).toEqual([0, '']);
  expect(first.stdout).toMatch(
    /^whole {2}300 entries of log\.example, 300 of them read now, [\d.]+ s\ncosigned {2}W, .* UTC\n$/,
  );
  expect(checkPolicy(readFileSync(join(root, 'seen')), policy).cosigned.size).toBe(1);

  log.append(entries(500));
  await log.publish();
  await cosign();
  const second = await run('audit', served.first.url, '--policy', 'policy', '--state', 'seen', '--json');
  expect(JSON.parse(second.stdout)).toMatchObject({ kind: 'whole', size: 800, newEntries: 500, proof: null });
  expect(await served.stop()).toBe(0);
  expect(await witness.stop()).toBe(0);

  const fork = await openLog('fork');
  fork.append(entries(900, 'other'));
  await fork.publish();
  const forked = await start('serve', 'fork');
  writeFileSync(join(root, 'trusting'), `log ${logKey}\nquorum none\n`);
  const found = await run('audit', forked.first.url, '--policy', 'trusting', '--state', 'seen');
  expect([found.status, found.stdout]).toEqual([
    1,
    expect.stringMatching(/^FORK {2}900 entries of log\.example .*\nproof {2}seen\.equivocation\.json/),
  ]);
  const proof = parseEquivocation(readFileSync(join(root, 'seen.equivocation.json')));
  expect(provesEquivocation(proof, [parseVerifierKey(logKey)])).toBe(true);
  expect(await forked.stop()).toBe(0);

  const gone = await run('audit', forked.first.url, '--policy', 'trusting');
  expect([gone.status, gone.stderr]).toEqual([3, expect.stringContaining('LEDGER_REMOTE')]);
  log.close();
  fork.close();
});

it('a scrub finds what the disk did to a served log', { timeout: 180_000 }, async () => {
  const log = await openLog('worn');
  log.append(entries(3000));
  await log.publish();
  log.close();
  const file = openSync(join(root, 'worn/entries/000000000'), 'r+');
  writeSync(file, Uint8Array.of(0), 0, 1, 9000);
  const served = await start('serve', 'worn', '--scrub');
  expect(await served.until(2)).toEqual({ fault: expect.stringContaining('damaged') });
  expect((await fetch(`${served.first.url}/checkpoint`)).status).toBe(200);
  expect((await fetch(`${served.first.url}/tile/entries/000`)).status).toBe(500);
  expect(await served.stop()).toBe(1);
});

it('an outer log grows by the slot, cosigned, and opens to the inner checkpoint', {
  timeout: 180_000,
}, async () => {
  for (const name of ['outer', 'judge'])
    writeFileSync(
      join(root, `${name}.pem`),
      generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }),
      { mode: 0o600 },
    );
  const inner = await openLog('inner');
  inner.append(entries(77));
  await inner.publish();
  const slots = (...more: string[]) =>
    spawn(
      process.execPath,
      [
        MAIN,
        'ledger',
        ...['slots', 'slots', '--origin', 'outer.example', '--key', 'outer.pem', '--inner', 'inner'],
        ...more,
        '--json',
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
  // Its key is known once it ran; a second one at a time is refused.
  const trial = slots();
  started.push(trial);
  const { key: outerKey } = JSON.parse(
    String(await new Promise((resolve) => trial.stdout.once('data', resolve))),
  );
  expect((await run('slots', 'slots', '--origin', 'outer.example', '--key', 'outer.pem')).stderr).toContain(
    'LEDGER_LOCKED',
  );
  trial.kill('SIGTERM');
  expect(await new Promise((resolve) => trial.once('close', resolve))).toBe(0);

  const witness = await start('witness', 'v', '--name', 'v.example', '--key', 'judge.pem', '--log', outerKey);
  const lines = `log ${outerKey}\nwitness V ${witness.first.key} ${witness.first.url}\nquorum V\n`;
  writeFileSync(join(root, 'outer-policy'), lines);
  const policy = parseTrustPolicy(utf8(lines));
  const outer = slots('--policy', 'outer-policy');
  started.push(outer);
  const size = () => {
    const note = readFileSync(join(root, 'slots/log/checkpoint'));
    try {
      checkPolicy(note, policy);
      return parseCheckpoint(parseNote(note).text).size;
    } catch {
      return 0;
    }
  };
  const until = Date.now() + 60_000;
  while (size() < 4 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(size()).toBeGreaterThanOrEqual(4);
  outer.kill('SIGTERM');
  expect(await new Promise((resolve) => outer.once('close', resolve))).toBe(0);
  expect(await witness.stop()).toBe(0);

  const log = await TransparencyLog.open({
    disk: new FolderDisk(join(root, 'slots/log')),
    state: new FolderDisk(join(root, 'slots/state')),
    origin: 'outer.example',
    signers: [],
    verifiers: [parseVerifierKey(outerKey)],
    servesCosignedOnly: true,
  });
  const reopened = await SlotLog.open({
    log,
    openings: new FolderDisk(join(root, 'slots/openings')),
    clock: systemClock,
  });
  const slot = reopened.firstSlot! + log.served!.checkpoint.size - 1;
  const { opening } = verifyAnchor(await reopened.proveAnchor(slot), policy);
  expect(opening.checkpoints.get('log.example')).toEqual(inner.signed!.note);
  reopened.close();
  log.close();
  inner.close();
});
