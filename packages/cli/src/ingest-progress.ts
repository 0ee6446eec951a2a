import type { IngestStatus } from '@phalanx/ingest';
import { formatCount } from './figures.js';
import type { ProgressBar } from './progress-bar.js';

/**
 * Shows how an ingestion is going. Compaction comes after the last byte and reports nothing while it runs, 3 s for a
 * million exchanges and more for more; said in words, the full bar is not mistaken for a program that hangs.
 */
export function showIngestStatus(bar: ProgressBar, status: IngestStatus): void {
  const exchanges = `${formatCount(status.exchanges)} exchanges`;
  if (status.phase === 'compacting') {
    bar.show(1, `${exchanges} stored, compacting`);
    return;
  }
  const share = status.totalBytes === null ? null : status.bytes / Math.max(1, status.totalBytes);
  bar.show(share, `${exchanges}, ${formatCount(status.exchangesPerSecond)}/s`, status.remainingSeconds);
}
