import { parentPort, workerData } from 'node:worker_threads';
import { PhalanxError } from '@phalanx/core';
import type { WeightsErrorCode } from '../weights-error.js';
import { type HashPlan, openFileHashing } from './file-hashes.js';
import type { ThreadAnswer } from './hashing-threads.js';

// A thread that hashes one file after another, see `hashFiles`.
const hash = openFileHashing(workerData as HashPlan);

parentPort!.on('message', async (location: string) => {
  let answer: ThreadAnswer;
  try {
    answer = { hashes: await (await hash)(location) };
  } catch (error) {
    const isOurs = PhalanxError.is<WeightsErrorCode>(error);
    answer = { code: isOurs ? error.code : null, message: (error as Error).message };
  }
  parentPort!.postMessage(answer);
});
