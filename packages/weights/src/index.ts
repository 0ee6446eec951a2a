export {
  type ByteSource,
  MAX_READ,
  openBytesSource,
  openFileSource,
} from './formats/byte-source.js';
export { GGUF_LIMITS, openGguf } from './formats/gguf.js';
export { type GgufValue, writeGguf } from './formats/gguf-writer.js';
export { type HttpSourceSettings, openHttpSource } from './formats/http-source.js';
export { openLlama2c } from './formats/llama2c.js';
export { encodeNumbers } from './formats/number-encoding.js';
export { decodeNumbers, isDecodable, NUMBER_BITS, type NumberFormat } from './formats/number-format.js';
export { ONNX_LIMITS, openOnnx } from './formats/onnx.js';
export { openWeightSource, openWeights } from './formats/open-weights.js';
export { encodeBlocks } from './formats/quantization.js';
export { openSafetensors } from './formats/safetensors.js';
export { writeSafetensors } from './formats/safetensors-writer.js';
export { openTorch } from './formats/torch.js';
export { countColumns, countNumbers, readRows, type Tensor, type WeightFile } from './formats/weight-file.js';
export { openFolderOf, openFolderOfUrl, type WeightFolder } from './formats/weight-folder.js';
export { convertTensor, copyTensor, type WrittenTensor } from './formats/written-tensor.js';
export { type Part, type PlacedTensor, placeTensors, readKeyGroups } from './lineage/architecture.js';
export type { ContextFigures } from './lineage/context-figures.js';
export { type Disguise, type DisguiseSettings, type MatchRate, testDisguise } from './lineage/disguise.js';
export {
  compareLineage,
  DISGUISE_SEARCHES,
  type DisguiseSearch,
  LINEAGE_LEVEL_LOG10,
  type LineageReport,
  type LineageSettings,
  type LineageVerdict,
} from './lineage/lineage-report.js';
export { countOwnPlace, logMatchCountP } from './lineage/match-count.js';
export {
  ANCHORS,
  chooseAnchors,
  countVocabulary,
  type LayerSketch,
  listSketchable,
  sketchLayer,
} from './lineage/neuron-sketch.js';
export {
  findResidualTurn,
  type RealignedPart,
  type ResidualTurn,
  realignLayer,
} from './lineage/realignment.js';
export {
  type ExcludedTensor,
  type SharedUnits,
  type SharedUnitsSettings,
  testSharedUnits,
  type UnitKind,
  type UnitTest,
} from './lineage/shared-units.js';
export { compareSketches, type SketchComparison } from './lineage/sketch-comparison.js';
export { decodeSketch, encodeSketch } from './lineage/sketch-file.js';
export type { WeightsErrorCode } from './weights-error.js';
