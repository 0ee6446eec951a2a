/**
 * The process that `writeThroughKills` kills: appends batches to a log at full rate and says on standard output, one line of JSON each
 * and only after the call returned, what it found, what was acknowledged and what was signed. Argument: `WriterTask` as JSON.
 */
import { createHash, createPrivateKey, randomBytes, randomInt } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fromUtf8 } from '@phalanx/core';
import { becomeSingleWriter, TransparencyLog } from '@phalanx/ledger';
import { settingsIn } from './killed-log.js';

/** What a writer is to do. */
export interface WriterTask {
  readonly folder: string;
  /** In each entry, so that a batch lost and written again would differ. */
  readonly life: number;
  /** Batches from one signed checkpoint to the next. */
  readonly publishEvery: number;
  /** Ends there; without, never. */
  readonly entries: number | null;
}

/** What a writer says. `note` is a signed checkpoint. */
export type WriterLine =
  | { readonly opened: number; readonly note: string | null }
  | { readonly first: number; readonly count: number; readonly sha256: string }
  | { readonly note: string };

const BATCH = 8192;
const BATCH_SPREAD = 512;
const ENTRY_BYTES = 300;
const ENTRY_SPREAD = 50;

async function main({ folder, life, publishEvery, entries }: WriterTask): Promise<void> {
  const settings = settingsIn(folder, createPrivateKey(readFileSync(join(folder, 'key.pem'))));
  await becomeSingleWriter(join(folder, 'log'));
  const log = await TransparencyLog.open(settings);
  say({ opened: log.size, note: log.signed === null ? null : fromUtf8(log.signed.note) });
  const publish = async (): Promise<void> => say({ note: fromUtf8(await log.publish()) });
  const filling = randomBytes(2 * ENTRY_BYTES * ENTRY_SPREAD);
  for (let batches = 1; entries === null || log.size < entries; batches++) {
    const { encoded, views } = makeBatch(log.size, life, filling);
    const first = log.append(views);
    say({ first, count: views.length, sha256: createHash('sha256').update(encoded).digest('hex') });
    if (batches % publishEvery === 0) await publish();
  }
  await publish();
  log.close();
}

/** Entries as they lie in a bundle, and views of each. */
function makeBatch(first: number, life: number, filling: Buffer): { encoded: Buffer; views: Uint8Array[] } {
  const count = BATCH + randomInt(-BATCH_SPREAD, BATCH_SPREAD + 1);
  const encoded = Buffer.allocUnsafe(count * (2 + ENTRY_BYTES + ENTRY_SPREAD));
  const views: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const length = ENTRY_BYTES - ENTRY_SPREAD + ((first + i * 7) % (2 * ENTRY_SPREAD));
    const begin = encoded.writeUInt16BE(length, at);
    filling.copy(encoded, begin, i % ENTRY_BYTES, (i % ENTRY_BYTES) + length);
    encoded.writeUInt32BE(life, begin);
    encoded.writeUIntBE(first + i, begin + 4, 6);
    at = begin + length;
    views.push(encoded.subarray(begin, at));
  }
  return { encoded: encoded.subarray(0, at), views };
}

function say(line: WriterLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

await main(JSON.parse(process.argv[2]!) as WriterTask);
