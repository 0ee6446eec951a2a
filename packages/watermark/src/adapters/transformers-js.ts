import { LogitsProcessor } from '@huggingface/transformers';
import type { DrawnToken, Sampler } from '../sampler.js';
import { demand } from '../watermark-error.js';

/** What is used of the `Tensor` that transformers.js passes: rows of logits in single precision, one a text of the batch. */
export interface LogitsTensor {
  readonly data: unknown;
}

/**
 * A logits processor for transformers.js (4.3.1): draws each token by a sampler and leaves it as the only one that can come.
 *
 *     const mark = new MarkLogitsProcessor(openSampler(profile, key));
 *     const processors = new LogitsProcessorList();
 *     processors.push(mark);
 *     await model.generate({ ...inputs, do_sample: false, logits_processor: processors });
 *     log(mark.answers);
 *
 * With `do_sample: false` the engine takes the token that is left, and temperature, top-k and top-p are the sampler's. One
 * processor serves one call of `generate`. Processors that come before it (penalties, bad words) count; none may follow.
 */
export class MarkLogitsProcessor extends LogitsProcessor {
  /** What was drawn for each text of the batch, its end token included. */
  readonly answers: DrawnToken[][] = [];
  readonly #sampler: Sampler;
  #promptLength = 0;

  constructor(sampler: Sampler) {
    super();
    this.#sampler = sampler;
  }

  /** @throws PhalanxError `MARK_ARGUMENT` when it is used for a second call of `generate`, or as `Sampler.next` */
  _call(inputIds: bigint[][], logits: LogitsTensor): LogitsTensor {
    if (this.answers.length === 0) {
      this.#promptLength = inputIds[0]?.length ?? 0;
      for (let i = 0; i < inputIds.length; i++) this.answers.push([]);
    }
    const { data } = logits;
    demand(
      data instanceof Float32Array,
      'MARK_ARGUMENT',
      'logits in another precision',
      'Look at the engine.',
    );
    const size = data.length / inputIds.length;
    inputIds.forEach((ids, i) => {
      const answer = this.answers[i];
      demand(
        answer !== undefined && ids.length === this.#promptLength + answer.length,
        'MARK_ARGUMENT',
        'a processor that has served another call of generate',
        'Make one for each call.',
      );
      const row = data.subarray(i * size, (i + 1) * size);
      const drawn = this.#sampler.next({
        logits: row,
        answer: Int32Array.from(ids.slice(this.#promptLength), Number),
        prompt: Int32Array.from(ids.slice(0, this.#promptLength), Number),
      });
      answer.push(drawn);
      row.fill(Number.NEGATIVE_INFINITY);
      row[drawn.token] = 0;
    });
    return logits;
  }
}
