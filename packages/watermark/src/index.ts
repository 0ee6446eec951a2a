export { type MarkTest, testMark } from './detect/log-p.js';
export { openVllmGumbel, vllmGumbelParameters } from './dialects/vllm-gumbel.js';
export { type Candidates, type Mark, type Pivot, valuesPerNgram } from './mark.js';
export { collectNgrams, MAX_TOKENS, NgramCollector, type NgramOptions, type Ngrams } from './ngrams.js';
export { PhiloxPrf, permutePhilox } from './prf/philox.js';
export type { WatermarkErrorCode } from './watermark-error.js';
