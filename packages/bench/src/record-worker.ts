import { parentPort, workerData } from 'node:worker_threads';
import { utf8 } from '@phalanx/core';
import { type Observation, observe, packObservations } from '@phalanx/record';

/** What a thread that commits is started with. */
export interface CommitterSetup {
  readonly accounts: number;
  readonly batch: number;
}

const { accounts, batch } = workerData as CommitterSetup;
const START = Date.UTC(2026, 0, 5);
/** Sizes as simulated traffic has them: 75, 180, 95 and 1,290 bytes of metadata. Text is committed to and not kept. */
const REST = '0123456789abcdef'.repeat(75);

/** Answers a number with so many packed observations from there on. */
parentPort!.on('message', (first: number) => {
  const observations: Observation[] = [];
  for (let n = first; n < first + batch; n++) {
    const id = Buffer.alloc(16);
    id.writeUIntBE(n, 0, 6);
    const values = {
      who: utf8(`{"accountId":"account-${n % accounts}","client":{"userAgent":"OpenAI/Python 1.0"}}`),
      request: utf8(
        `{"id":"${n}","startedAtMs":${START + n},"model":"m-1","parameters":{"temperature":0.7}}`,
      ),
      response: utf8(`{"status":"ok","finishReason":"stop","inputTokens":${n % 900},"outputTokens":200}`),
      prompt: utf8(`[{"role":"user","text":"${n} ${REST.slice(0, 300)}"}]`),
      completion: utf8(`${n} ${REST.slice(0, 600)}`),
      detector: utf8(`{"n":${n},"rest":"${REST}"}`),
    };
    observations.push(observe({ id, account: BigInt(n % accounts), atMs: START + n }, values, false));
  }
  const packed = packObservations(observations);
  parentPort!.postMessage(packed, [packed.buffer]);
});
