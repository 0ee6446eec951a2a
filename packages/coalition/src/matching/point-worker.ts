import { parentPort } from 'node:worker_threads';
import { multiplyBatch, type PointBatch } from './point-batch.js';

/** The body of a thread: one batch, one answer, the end. A text instead of an answer says what is wrong. */
const port = parentPort!;
port.once('message', (batch: PointBatch) => {
  try {
    const products = multiplyBatch(batch);
    port.postMessage(products, [products.buffer as ArrayBuffer]);
  } catch (error) {
    port.postMessage((error as Error).message);
  }
});
