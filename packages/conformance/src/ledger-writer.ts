import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { FolderDisk, TransparencyLog } from '@phalanx/ledger';
import { BareReplaceDisk, DeafDisk, UnsyncedDisk } from './flawed-disk.js';
import { entryOf, settingsOf, type WriterEvent, type WriterOrders } from './ledger-workload.js';

/*
 * Writes a log in a process of its own, so that it can be killed and its system calls can fail. After a failure it goes on
 * trying: a log that acknowledges again then is found out.
 */
const orders = JSON.parse(process.argv[2]!) as WriterOrders;
const { writeSync } = fs;

function say(kind: WriterEvent['kind'], size: number, what?: string): void {
  const at = orders.clock === undefined ? 0 : fs.statSync(orders.clock).size;
  writeSync(1, `${JSON.stringify({ kind, size, at, what } satisfies WriterEvent)}\n`);
}

function sayFailure(call: string, error: unknown): void {
  const { code, cause } = error as { code?: string; cause?: { code?: string } };
  say('failed', 0, `${call} ${code ?? String(error)} ${cause?.code ?? ''}`);
}

/** libuv writes the rest by itself when the system takes a part; it reports a part when the second try fails. */
function shortenWrite(nth: number, keep: number): void {
  let writes = 0;
  const shortened = (file: number, bytes: Uint8Array, offset = 0): number =>
    writeSync(file, bytes, offset, ++writes === nth ? Math.min(keep, bytes.length - offset) : undefined);
  fs.writeSync = shortened as typeof fs.writeSync;
  syncBuiltinESMExports();
}

if (orders.shortWrite) shortenWrite(orders.shortWrite.nth, orders.shortWrite.keep);
const flawed = { 'no-sync': UnsyncedDisk, 'bare-replace': BareReplaceDisk, swallow: DeafDisk };
const Folder = orders.flaw === undefined ? FolderDisk : flawed[orders.flaw];
const { publishEvery = 1 } = orders;

try {
  const log = await TransparencyLog.open(settingsOf(new Folder(orders.log), new Folder(orders.state)));
  say('opened', log.size);
  for (const [i, n] of orders.batches.entries()) {
    const from = log.size;
    try {
      log.append(Array.from({ length: n }, (_, j) => entryOf(from + j)));
      say('appended', log.size);
    } catch (error) {
      sayFailure('append', error);
    }
    if ((i + 1) % publishEvery !== 0) continue;
    try {
      await log.publish();
      say('published', log.signed!.checkpoint.size);
    } catch (error) {
      sayFailure('publish', error);
    }
  }
  log.close();
} catch (error) {
  sayFailure('open or close', error);
}
