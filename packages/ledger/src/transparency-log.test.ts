import { execFile, spawn } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromUtf8, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { parseCheckpoint } from './checkpoint.js';
import { FolderDisk, readWhole } from './disk.js';
import { hashLeaf } from './merkle-hash.js';
import { verifyConsistency } from './merkle-proof.js';
import { makeNoteSigner } from './note-signer.js';
import { SegmentLog } from './segment-log.js';
import { formatNote, openNote, parseNote, signNote } from './signed-note.js';
import { Dice, PowerLoss, SimulatedDisk } from './simulated-disk.test.support.js';
import { becomeSingleWriter } from './single-writer.js';
import { parseTrustPolicy } from './tlog-policy.js';
import { verifyTlogProof } from './tlog-proof.js';
import { type LogSettings, TransparencyLog } from './transparency-log.js';
import { formatVerifierKey, makeVerifierKey, SignatureType } from './verifier-key.js';

const seed = createHash('sha256').update('log').digest();
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = new Uint8Array(
  createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32),
);
const key = { publicKey, sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)) };
const verifier = makeVerifierKey('log.example', SignatureType.ED25519, publicKey);
const policy = parseTrustPolicy(utf8(`log ${formatVerifierKey(verifier)}\nquorum none\n`));

const settingsOf = (disk: SimulatedDisk | FolderDisk, state: SimulatedDisk | FolderDisk): LogSettings => ({
  disk,
  state,
  origin: 'log.example',
  signers: [makeNoteSigner('log.example', key)],
  verifiers: [verifier],
  segmentEntries: 256,
});
const batch = (from: number, n: number): Uint8Array[] =>
  Array.from({ length: n }, (_, i) => utf8(`entry ${from + i}`));
const sizeOf = (note: Uint8Array): number => parseCheckpoint(openNote(note, [verifier]).text).size;

describe('a transparency log', () => {
  it('signs what it holds, proves it, and goes on after a restart', async () => {
    const dice = new Dice(1);
    const [disk, state] = [new SimulatedDisk(dice), new SimulatedDisk(dice)];
    let log = await TransparencyLog.open(settingsOf(disk, state));
    expect(log.signed).toBeNull();
    const checkpoints = [];
    for (let round = 0; round < 4; round++) {
      log.append(batch(log.size, 150));
      const note = await log.publish();
      expect(await log.publish()).toEqual(note);
      checkpoints.push(parseCheckpoint(openNote(note, [verifier]).text));
      const proof = await log.prove(log.size - 1);
      expect(verifyTlogProof(proof, hashLeaf(utf8(`entry ${log.size - 1}`)), policy).index).toBe(
        log.size - 1,
      );
      log = await TransparencyLog.open(settingsOf(disk, state));
    }
    const [first, , , last] = checkpoints;
    const path = await log.proveConsistency(first!.size);
    expect(verifyConsistency(first!.size, last!.size, path, first!.root, last!.root)).toBe(true);
    log.append(batch(600, 1));
    await expect(log.prove(600)).rejects.toThrow(RangeError);
  });

  it('does not go on from less, or from another tree, than it signed', async () => {
    const dice = new Dice(2);
    const state = new SimulatedDisk(dice);
    const log = await TransparencyLog.open(settingsOf(new SimulatedDisk(dice), state));
    log.append(batch(0, 10));
    await log.publish();
    const older = new SimulatedDisk(dice);
    await expect(TransparencyLog.open(settingsOf(older, state))).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_ROLLBACK' }),
    );
    const other = await TransparencyLog.open(settingsOf(older, new SimulatedDisk(dice)));
    other.append(batch(1, 10));
    await expect(TransparencyLog.open(settingsOf(older, state))).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_ROLLBACK' }),
    );
    const renamed = { ...settingsOf(older, state), origin: 'gol.example' };
    await expect(TransparencyLog.open(renamed)).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_ROLLBACK' }),
    );
  });

  it('does not sign what the disk holds otherwise than it was hashed', async () => {
    const dice = new Dice(3);
    const disk = new SimulatedDisk(dice);
    const log = await TransparencyLog.open(settingsOf(disk, new SimulatedDisk(dice)));
    log.append(batch(0, 10));
    disk.damage('entries/000000000', disk.size('entries/000000000')! - 1, 3);
    await expect(log.publish()).rejects.toThrow(expect.objectContaining({ code: 'LEDGER_CORRUPT' }));
    expect(log.signed).toBeNull();
  });

  describe('with witnesses', () => {
    const dice = new Dice(5);
    const cosigner = {
      keyName: 'w.example',
      keyId: 7,
      sign: () => Uint8Array.of(1, 2, 3),
    };
    const cosign = async (note: Uint8Array, by = cosigner) =>
      signNote(parseNote(note).text, [by], parseNote(note).signatures);
    const signersOf = (note: Uint8Array) => parseNote(note).signatures.map(({ keyName }) => keyName);

    it('serves what they cosigned, and does so again after a restart', async () => {
      for (const servesCosignedOnly of [false, true]) {
        const settings = {
          ...settingsOf(new SimulatedDisk(dice), new SimulatedDisk(dice)),
          servesCosignedOnly,
        };
        let log = await TransparencyLog.open(settings);
        log.append(batch(0, 10));
        const ten = await log.publish();
        expect(log.served?.note ?? null).toEqual(servesCosignedOnly ? null : ten);
        if (servesCosignedOnly) await expect(log.prove(3)).rejects.toThrow(RangeError);
        expect(log.serve(await cosign(ten))).toBe(true);
        expect(signersOf(log.served!.note)).toEqual(['log.example', 'w.example']);
        // Another one's cosignature of the same checkpoint adds to the first.
        expect(log.serve(await cosign(ten, { ...cosigner, keyName: 'v.example' }))).toBe(true);
        expect(signersOf(log.served!.note)).toEqual(['log.example', 'w.example', 'v.example']);
        log = await TransparencyLog.open(settings);
        expect(signersOf(log.served!.note)).toEqual(['log.example', 'w.example', 'v.example']);
        expect(signersOf((await log.prove(3)).checkpoint)).toHaveLength(3);

        log.append(batch(10, 10));
        const twenty = await log.publish();
        expect(sizeOf(log.served!.note)).toBe(servesCosignedOnly ? 10 : 20);
        log = await TransparencyLog.open(settings);
        expect(sizeOf(log.served!.note)).toBe(servesCosignedOnly ? 10 : 20);
        expect(log.serve(await cosign(twenty))).toBe(true);
        expect(log.serve(await cosign(ten))).toBe(false);
        expect(sizeOf(log.served!.note)).toBe(20);
        expect(sizeOf(readWhole(settings.disk, 'checkpoint')!)).toBe(20);
      }
    });

    it('serves nothing that it did not sign', async () => {
      const log = await TransparencyLog.open(settingsOf(new SimulatedDisk(dice), new SimulatedDisk(dice)));
      log.append(batch(0, 10));
      const note = await log.publish();
      const { text, signatures } = parseNote(note);
      const foreign = await signNote(text, [cosigner]);
      expect(() => log.serve(foreign)).toThrow(expect.objectContaining({ code: 'LEDGER_UNSIGNED' }));
      const forged = formatNote({ text: text.replace('\n10\n', '\n11\n'), signatures });
      expect(() => log.serve(forged)).toThrow(expect.objectContaining({ code: 'LEDGER_SIGNATURE' }));
      const ahead = await TransparencyLog.open(settingsOf(new SimulatedDisk(dice), new SimulatedDisk(dice)));
      ahead.append(batch(0, 20));
      const larger = await ahead.publish();
      expect(() => log.serve(larger)).toThrow(expect.objectContaining({ code: 'LEDGER_CHECKPOINT' }));
      expect(log.served!.note).toEqual(note);
    });

    it('knows by what it served that its state is an older copy, and writes a damaged copy again', async () => {
      const [disk, state] = [new SimulatedDisk(dice), new SimulatedDisk(dice)];
      const log = await TransparencyLog.open(settingsOf(disk, state));
      log.append(batch(0, 10));
      await log.publish();
      const older = state.afterPowerLoss();
      log.append(batch(10, 10));
      await log.publish();
      const again = await TransparencyLog.open(settingsOf(disk, older));
      expect([again.signed!.checkpoint.size, again.served!.checkpoint.size]).toEqual([20, 20]);
      expect(sizeOf(readWhole(older, 'checkpoint')!)).toBe(20);

      disk.damage('checkpoint', 20, 1);
      const repaired = await TransparencyLog.open(settingsOf(disk, state));
      expect(sizeOf(readWhole(disk, 'checkpoint')!)).toBe(20);
      expect(repaired.served!.checkpoint.size).toBe(20);
      disk.damage('checkpoint', 20, 1);
      await expect(TransparencyLog.open(settingsOf(disk, new SimulatedDisk(dice)))).rejects.toThrow();
    });

    it('proves an entry in an earlier checkpoint as well', async () => {
      const log = await TransparencyLog.open(settingsOf(new SimulatedDisk(dice), new SimulatedDisk(dice)));
      log.append(batch(0, 10));
      await log.publish();
      const earlier = log.signed!;
      log.append(batch(10, 300));
      await log.publish();
      const proof = await log.prove(4, null, earlier);
      expect(verifyTlogProof(proof, hashLeaf(utf8('entry 4')), policy).checkpoint.size).toBe(10);
      await expect(log.prove(10, null, earlier)).rejects.toThrow(RangeError);
    });
  });

  it('never shows two trees, whenever the power goes', async () => {
    const dice = new Dice(4);
    let losses = 0;
    for (let round = 0; round < 200; round++) {
      let [disk, state] = [new SimulatedDisk(dice), new SimulatedDisk(dice)];
      /** Everything that anybody may have seen. */
      const shown: { size: number; root: Uint8Array }[] = [];
      for (let life = 0; life < 4; life++) {
        disk = disk.afterPowerLoss({ powerLossAt: dice.integer(40) });
        state = state.afterPowerLoss({ powerLossAt: dice.integer(8) });
        try {
          const log = await TransparencyLog.open(settingsOf(disk, state));
          for (let b = 0; b < 5; b++) {
            // Other content in every life, so that a lost batch that was signed would show.
            log.append(Array.from({ length: 1 + dice.integer(90) }, (_, i) => utf8(`${life} ${b} ${i}`)));
            shown.push(parseCheckpoint(openNote(await log.publish(), [verifier]).text));
          }
        } catch (error) {
          const cause = (error as Error).cause ?? error;
          if (!(cause instanceof PowerLoss)) throw error;
          losses++;
        }
      }
      const last = await TransparencyLog.open(settingsOf(disk.afterPowerLoss(), state.afterPowerLoss()));
      for (const { size, root } of shown)
        expect(
          verifyConsistency(
            size,
            last.signed!.checkpoint.size,
            await last.proveConsistency(size),
            root,
            last.signed!.checkpoint.root,
          ),
        ).toBe(true);
    }
    expect(losses).toBeGreaterThan(200);
  });

  it('works in folders', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-log-'));
    try {
      const open = () =>
        TransparencyLog.open(
          settingsOf(new FolderDisk(join(folder, 'log')), new FolderDisk(join(folder, 'state'))),
        );
      const log = await open();
      log.append(batch(0, 700));
      const note = await log.publish();
      log.close();
      const again = await open();
      expect(again.signed!.note).toEqual(note);
      expect(sizeOf(note)).toBe(700);
      again.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it('a killed process leaves everything that it acknowledged', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-log-'));
  const ledger = new URL('../dist/index.js', import.meta.url).href;
  const script = `import(${JSON.stringify(ledger)}).then(({ FolderDisk, SegmentLog }) => {
    const log = SegmentLog.open(new FolderDisk(${JSON.stringify(folder)}), 256);
    for (;;) {
      const from = log.size;
      log.append(Array.from({ length: 40 }, (_, i) => new TextEncoder().encode('entry ' + (from + i))));
      require('node:fs').writeSync(1, log.size + '\\n');
    }
  });`;
  try {
    for (let life = 0; life < 6; life++) {
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.length > 200 + 150 * life) child.kill('SIGKILL');
      });
      await ended;
      const acknowledged = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
      const log = SegmentLog.open(new FolderDisk(folder), 256);
      expect(log.size).toBeGreaterThanOrEqual(acknowledged);
      const last = log.readEntries(log.size - 1, log.size)[0]!;
      expect(fromUtf8(last)).toBe(`entry ${log.size - 1}`);
      log.verifyEntries(0, log.size);
      log.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('the single writer of a folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'phalanx-writer-'));

  it('is one, also among processes, until it lets go or dies', async () => {
    const letGo = await becomeSingleWriter(folder);
    await expect(becomeSingleWriter(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_LOCKED' }),
    );
    await expect(becomeSingleWriter(join(folder, '.'))).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_LOCKED' }),
    );
    await letGo();
    const source = new URL('../dist/single-writer.js', import.meta.url).href;
    const script = `import(${JSON.stringify(source)}).then(async (m) => { await m.becomeSingleWriter(${JSON.stringify(folder)}); console.log('mine'); setInterval(() => {}, 1000); }).catch((e) => { console.log(e.code); });`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(becomeSingleWriter(folder)).rejects.toThrow(
      expect.objectContaining({ code: 'LEDGER_LOCKED' }),
    );
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
    expect(stdout).toBe('LEDGER_LOCKED\n');
    const dead = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await dead;
    await (await becomeSingleWriter(folder))();
    rmSync(folder, { recursive: true });
  });
});
