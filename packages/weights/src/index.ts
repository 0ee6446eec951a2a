export {
  type ByteSource,
  type HttpSourceSettings,
  MAX_READ,
  openBytesSource,
  openFileSource,
  openHttpSource,
} from './formats/byte-source.js';
export { GGUF_LIMITS, openGguf } from './formats/gguf.js';
export { openLlama2c } from './formats/llama2c.js';
export { decodeNumbers, isDecodable, NUMBER_BITS, type NumberFormat } from './formats/number-format.js';
export { openSafetensors } from './formats/safetensors.js';
export { countColumns, countNumbers, readRows, type Tensor, type WeightFile } from './formats/weight-file.js';
export type { WeightsErrorCode } from './weights-error.js';
