import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FolderDisk,
  hashLeaf,
  hashNode,
  makeNoteSigner,
  makeVerifierKey,
  SegmentLog,
  SignatureType,
  signingKeyOf,
  TransparencyLog,
} from '@phalanx/ledger';

const ENTRIES = 40 * 8192;
const BATCH = 8192;
const ENTRY_BYTES = 300;
const NAME = 'bench.example';

/**
 * Prints entries a second and a processor-second of the log (300 bytes each, 8,192 a batch): appended and synced; the same with a
 * signed checkpoint after each batch, for which every entry is read back and hashed again. Limits in the same run: the
 * hashes alone (one leaf and one node an entry), and the bytes alone, appended and synced.
 */
export async function benchLedgerAppend(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'phalanx-ledger-'));
  const batches = Array.from({ length: ENTRIES / BATCH }, (_, b) => makeBatch(b));
  const key = signingKeyOf(generateKeyPairSync('ed25519').privateKey);
  try {
    const hashes = await measure(async () => {
      let node = hashLeaf(new Uint8Array(0));
      for (const batch of batches) for (const entry of batch) node = hashNode(node, hashLeaf(entry));
    });
    const bytes = await measure(async () => {
      const disk = new FolderDisk(join(root, 'bytes'));
      for (const batch of batches) {
        disk.append('all', Buffer.concat(batch));
        disk.sync('all');
      }
      disk.close();
    });
    const appended = await measure(async () => {
      const log = SegmentLog.open(new FolderDisk(join(root, 'appended')));
      for (const batch of batches) log.append(batch);
      log.close();
    });
    const signed = await measure(async () => {
      const log = await TransparencyLog.open({
        disk: new FolderDisk(join(root, 'signed')),
        state: new FolderDisk(join(root, 'state')),
        origin: NAME,
        signers: [makeNoteSigner(NAME, key)],
        verifiers: [makeVerifierKey(NAME, SignatureType.ED25519, key.publicKey)],
      });
      for (const batch of batches) {
        log.append(batch);
        await log.publish();
      }
      log.close();
    });
    console.log(`${ENTRIES} entries of ${ENTRY_BYTES} bytes, ${BATCH} a batch`);
    for (const [name, { seconds, processorSeconds }] of Object.entries({ hashes, bytes, appended, signed }))
      console.log(
        `  ${name.padEnd(9)} ${Math.round(ENTRIES / seconds)} a second, ${Math.round(ENTRIES / processorSeconds)} a processor-second (${(processorSeconds / hashes.processorSeconds).toFixed(1)} x hashes)`,
      );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function makeBatch(b: number): Uint8Array[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const entry = Buffer.alloc(ENTRY_BYTES, i & 255);
    entry.writeUInt32BE(b * BATCH + i);
    return entry;
  });
}

async function measure(run: () => Promise<void>): Promise<{ seconds: number; processorSeconds: number }> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - began) / 1000, processorSeconds: (user + system) / 1e6 };
}
