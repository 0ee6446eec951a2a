import { parentPort, workerData } from 'node:worker_threads';
import { PhalanxError } from '@phalanx/core';
import { openBatchIndex } from './batch-index.js';
import { ChunkReader, type SourceView } from './chunk-reader.js';
import type { ChunkResult } from './chunk-result.js';
import { openParquet } from './containers/parquet.js';
import { formatOfMapping } from './formats/mapping.js';
import { formatByName } from './formats/registry.js';
import type { SourceDescription, WorkerAnswer, WorkerJob, WorkerSetup } from './worker-protocol.js';

/** The body of a worker thread: reads chunks and answers with encoded blocks. Nothing here touches the store. */
const setup = workerData as WorkerSetup;
const port = parentPort!;
const reader = new ChunkReader(setup.sketchKey, setup.keepText, {
  record: setup.record,
  ...(setup.benchmarks === null ? {} : { benchmarks: { hashes: setup.benchmarks } }),
});
const batches = setup.batchInputs.length === 0 ? null : openBatchIndex(setup.batchInputs);
let open: { index: number; view: Promise<SourceView> } | null = null;
// Parquet reading awaits; a second job must not start in the middle of it, because the reader has one tally.
let queue: Promise<void> = Promise.resolve();

async function viewSource(source: SourceDescription): Promise<SourceView> {
  return {
    format: source.mapping === null ? formatByName(source.format) : formatOfMapping(source.mapping),
    context: {
      ...(setup.defaultAccountId === undefined ? {} : { defaultAccountId: setup.defaultAccountId }),
      ...(batches === null ? {} : { findBatchRequest: batches.find }),
    },
    idScope: source.idScope,
    header: source.header,
    parquet: source.isParquet ? await openParquet(source.path) : null,
  };
}

async function runJob({ source, chunk }: WorkerJob): Promise<ChunkResult> {
  if (open?.index !== source.index) open = { index: source.index, view: viewSource(source) };
  const view = await open.view;
  return chunk.kind === 'bytes'
    ? reader.readChunk(chunk, view)
    : reader.readSlice(chunk.offset, chunk.end, view);
}

port.on('message', (job: WorkerJob) => {
  queue = queue.then(async () => {
    let answer: WorkerAnswer;
    try {
      answer = { id: job.id, result: await runJob(job), failure: null };
    } catch (error) {
      const code = PhalanxError.is(error) ? error.code : 'INGEST_CONTAINER';
      answer = { id: job.id, result: null, failure: { code, message: (error as Error).message } };
    }
    const { block = null, observations = null } = answer.result ?? {};
    const handed = [block, observations].flatMap((bytes) => (bytes === null ? [] : [bytes.buffer]));
    port.postMessage(answer, handed);
  });
});
