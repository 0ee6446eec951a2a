export { type MarkTest, testMark } from './detect/log-p.js';
export { hfKgwParameters, openHfKgw } from './dialects/hf-kgw.js';
export { lmWatermarkingParameters, openLmWatermarking } from './dialects/lm-watermarking.js';
export { markllmKgwParameters, openMarkllmKgw } from './dialects/markllm-kgw.js';
export {
  openThreeBricksGumbel,
  openThreeBricksKgw,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
} from './dialects/three-bricks.js';
export { openUnigram, unigramParameters } from './dialects/unigram.js';
export { openVllmGumbel, vllmGumbelParameters } from './dialects/vllm-gumbel.js';
export { type Candidates, type Mark, type Pivot, valuesPerNgram } from './mark.js';
export { collectNgrams, MAX_TOKENS, NgramCollector, type NgramOptions, type Ngrams } from './ngrams.js';
export { type GreenListOptions, GreenLists } from './prf/green-lists.js';
export { KGW_PRFS, type KgwPrfName } from './prf/kgw-prfs.js';
export { drawNumpyWords, expandNumpySeed, shuffleNumpyMask } from './prf/numpy-generator.js';
export { PhiloxPrf, permutePhilox } from './prf/philox.js';
export {
  drawTorchIntegers,
  drawTorchMantissas,
  MAX_TORCH_NUMBERS,
  permuteTorch,
  pickTorchMantissas,
  reduceTorchSeed,
} from './prf/torch-generator.js';
export type { WatermarkErrorCode } from './watermark-error.js';
