import { fromUtf8 } from '@phalanx/core';
import { GROUPS, parseDetectorGroup, parseWhoGroup, type TelemetryLog } from '@phalanx/record';
import { ExchangeBlock } from '@phalanx/store';
import { AccountRows } from './account-rows.js';
import type { IngestStore, TextSink } from './batch-writer.js';
import type { ExchangeTexts, SeenAccount } from './chunk-result.js';

/** What a replay came to. */
export interface ReplayReport {
  /** Leaves read: exchanges, those erased among them, and statements. */
  readonly leaves: number;
  readonly exchanges: number;
  readonly erased: number;
  readonly texts: number;
}

export interface ReplayOptions {
  readonly store: Pick<IngestStore, 'insertExchanges' | 'insertAccounts' | 'accountFacts'>;
  /** The key that the logged sketches were made with. */
  readonly sketchKey: Uint8Array;
  /** Where texts are kept; default: they are not. */
  readonly texts?: TextSink;
  readonly onProgress?: (leaves: number, size: number) => void;
}

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 64 * 1024 * 1024;
const [WHO, PROMPT, COMPLETION, DETECTOR] = (['who', 'prompt', 'completion', 'detector'] as const).map(
  (group) => GROUPS.indexOf(group),
) as [number, number, number, number];

/**
 * Makes the store again from the log: exchanges, who their accounts are, and text that was kept. What is in the store already
 * collapses by id. Facts about accounts, declarations and interventions are not in the log: ingest their files again.
 *
 * @throws PhalanxError `RECORD_CORRUPT`, `RECORD_OPENING`, or what the store throws
 */
export async function replayRecord(log: TelemetryLog, options: ReplayOptions): Promise<ReplayReport> {
  const { store, texts } = options;
  const accounts = await AccountRows.open(store, options.sketchKey);
  const block = new ExchangeBlock();
  let kept: ExchangeTexts[] = [];
  let bytes = 0;
  let seen = new Map<string, SeenAccount>();
  const report = { leaves: 0, exchanges: 0, erased: 0, texts: 0 };
  const flush = async (): Promise<void> => {
    if (block.rows > 0) await store.insertExchanges(block.encode());
    block.clear();
    const rows = accounts.describeNew(seen.values());
    if (rows.length > 0) await store.insertAccounts(rows);
    if (texts !== undefined && kept.length > 0) await texts.appendTexts(kept);
    kept = [];
    bytes = 0;
    seen = new Map();
    options.onProgress?.(report.leaves, log.size);
  };
  for await (const { exchange } of log.read(0, log.size)) {
    report.leaves++;
    if (exchange === null) continue;
    if (exchange.opened === null) {
      report.erased++;
      continue;
    }
    const { values } = exchange.opened;
    const record = parseDetectorGroup(values[DETECTOR]!);
    block.push(record);
    const who = values[WHO];
    if (who) {
      const { accountId, organisationId } = parseWhoGroup(who);
      seen.set(accountId, { accountId, organisationId });
    }
    report.exchanges++;
    const prompt = values[PROMPT];
    if (texts !== undefined && prompt) {
      const completion = values[COMPLETION];
      // Not by a TextDecoder, which drops a byte order mark that the model may have written.
      const response = completion ? Buffer.from(completion).toString('utf8') : null;
      kept.push({
        id: record.id,
        account: record.account,
        atMs: record.atMs,
        prompt: fromUtf8(prompt),
        response,
      });
      bytes += prompt.length + (completion?.length ?? 0);
      report.texts++;
    }
    if (block.rows >= BATCH_ROWS || bytes >= BATCH_BYTES) await flush();
  }
  await flush();
  return report;
}
