import { type ChildProcess, spawn } from 'node:child_process';
import { verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '@phalanx/core';
import { afterAll, expect, it } from 'vitest';
import { publicKeyOf } from './ed25519-public-key.js';
import { type FrostFault, makeFrostKey } from './frost-key.js';
import { dealFrostShares, writeFrostShareFile } from './frost-share.js';
import type { FrostCommitment, FrostParticipant, FrostSigningPackage } from './frost-signer.js';
import type { SigningKey } from './note-signer.js';

const folder = mkdtempSync(join(tmpdir(), 'phalanx-frost-'));
const passphraseOf = (n: number): string => `passphrase of participant ${n}`;
const pathOf = (n: number): string => join(folder, `share-${n}`);
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that holds one share, and signs texts only. */
function startHolder(n: number): { readonly participant: FrostParticipant; end(): Promise<void> } {
  const ledger = new URL('../dist/index.js', import.meta.url).href;
  const script = `import(${JSON.stringify(ledger)}).then(async ({ FrostSigner, readFrostShareFile }) => {
    const share = await readFrostShareFile(${JSON.stringify(pathOf(n))}, ${JSON.stringify(passphraseOf(n))});
    const signer = new FrostSigner(share, (message) => Buffer.from(message).toString().startsWith('text'));
    process.on('message', async ({ id, call, request }) => {
      try { process.send({ id, answer: await signer[call](request) }); }
      catch (error) { process.send({ id, error: error.message }); }
    });
  });`;
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  children.push(child);
  const waiting = new Map<number, (said: { readonly answer?: unknown; readonly error?: string }) => void>();
  child.on('message', (said: { id: number; answer?: unknown; error?: string }) => {
    waiting.get(said.id)?.(said);
    waiting.delete(said.id);
  });
  child.once('exit', () => {
    for (const tell of waiting.values()) tell({ error: 'the process has ended' });
  });
  let calls = 0;
  const ask = <T>(call: string, request?: FrostSigningPackage): Promise<T> =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error('the process has ended'));
      const id = calls++;
      waiting.set(id, ({ answer, error }) =>
        error === undefined ? resolve(answer as T) : reject(new Error(error)),
      );
      child.send({ id, call, request });
    });
  return {
    participant: {
      commit: () => ask<FrostCommitment>('commit'),
      sign: (request) => ask<Uint8Array>('sign', request),
    },
    end: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

it('a key whose shares lie in three processes signs while two of them live', async () => {
  const shares = dealFrostShares(2, 3);
  const { group } = shares[0]!;
  for (const share of shares)
    await writeFrostShareFile(pathOf(share.participant), share, passphraseOf(share.participant), 1);
  const holders = [1, 2, 3].map(startHolder);
  const faults: FrostFault[] = [];
  const makeKey = (): SigningKey =>
    makeFrostKey({
      group,
      participants: new Map(holders.map(({ participant }, i) => [i + 1, participant])),
      onFault: (fault) => faults.push(fault),
      timeoutMs: 20_000,
    });
  let key = makeKey();
  const signs = async (text: string): Promise<boolean> =>
    verify(null, utf8(text), publicKeyOf(group.publicKey), await key.sign(utf8(text)));
  expect(await signs('text one')).toBe(true);
  expect(faults).toEqual([]);

  await expect(key.sign(utf8('no'))).rejects.toThrow(/holder does not sign this.*holder does not sign this/);
  expect(faults.map(({ participant }) => participant).sort()).toEqual([1, 2]);

  // What a holder committed to before it died, no holder answers for.
  const commitments = await Promise.all(holders.slice(0, 2).map(({ participant }) => participant.commit()));
  await holders[0]!.end();
  const again = startHolder(1);
  await expect(again.participant.sign({ message: utf8('text'), commitments })).rejects.toThrow(
    /used already/,
  );

  faults.length = 0;
  key = makeKey();
  expect(await signs('text two')).toBe(true);
  expect(await signs('text three')).toBe(true);
  expect(faults.map(({ participant, kind }) => `${participant} ${kind}`)).toEqual(['1 absent']);
  await holders[1]!.end();
  await expect(key.sign(utf8('text four'))).rejects.toThrow(
    expect.objectContaining({ code: 'LEDGER_SHARE', retryable: true }),
  );
});
