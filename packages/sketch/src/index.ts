export {
  type BenchmarkBuilder,
  type BenchmarkIndex,
  buildBenchmarkIndex,
  checkBenchmarkIndex,
  decodeBenchmarkIndex,
  encodeBenchmarkIndex,
  MAX_BENCHMARK_HASHES,
  mergeBenchmarkIndexes,
  openBenchmarkBuilder,
} from './benchmark-index.js';
export { type ClientContradiction, findContradiction } from './client-contradiction.js';
export { describeClient, describeNetwork, describeParameters, SAMPLING_PARAMETERS } from './client-traits.js';
export {
  type CoalitionFingerprint,
  type CoalitionSketcher,
  createCoalitionSketcher,
  findTemplateText,
} from './coalition-fingerprint.js';
export { HashDomain, sketchExchange } from './exchange-record.js';
export { LEXICON_VERSION } from './lexicon.js';
export type { SketchErrorCode } from './sketch-error.js';
export { createSketcher, SKETCH_KEY_BYTES, type Sketcher, type SketcherOptions } from './sketcher.js';
