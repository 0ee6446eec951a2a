import { parentPort, workerData } from 'node:worker_threads';
import { type Observation, observe, packObservations } from '@phalanx/record';

/** What a thread that commits is started with. */
export interface CommitterSetup {
  readonly accounts: number;
  readonly batch: number;
}

/** What the thread is asked for. */
export interface CommitQuestion {
  readonly first: number;
  /** Bytes of the detector's record; prompt and completion have half of it each. */
  readonly bytes: number;
}

const { accounts, batch } = workerData as CommitterSetup;
const START = Date.UTC(2026, 0, 5);
/** Simulated traffic has 75, 180, 95 and 1,290 bytes of metadata. Text is committed to and not kept. */
const FILLING = '0123456789abcdef'.repeat(1000);

/** Answers with so many packed observations from `first` on. */
parentPort!.on('message', ({ first, bytes }: CommitQuestion) => {
  const rest = FILLING.slice(0, bytes);
  const half = FILLING.slice(0, bytes / 2);
  const observations: Observation[] = [];
  for (let n = first; n < first + batch; n++) {
    const id = Buffer.alloc(16);
    id.writeUIntBE(n, 0, 6);
    const values = {
      who: Buffer.from(`{"accountId":"account-${n % accounts}","client":{"userAgent":"OpenAI/Python 1.0"}}`),
      request: Buffer.from(
        `{"id":"${n}","startedAtMs":${START + n},"model":"m-1","parameters":{"temperature":0.7}}`,
      ),
      response: Buffer.from(
        `{"status":"ok","finishReason":"stop","inputTokens":${n % 900},"outputTokens":200}`,
      ),
      prompt: Buffer.from(`[{"role":"user","text":"${n} ${half}"}]`),
      completion: Buffer.from(`${n} ${half}`),
      detector: Buffer.from(`{"n":${n},"rest":"${rest}"}`),
    };
    observations.push(observe({ id, account: BigInt(n % accounts), atMs: START + n }, values, false));
  }
  const packed = packObservations(observations);
  parentPort!.postMessage(packed, [packed.buffer]);
});
