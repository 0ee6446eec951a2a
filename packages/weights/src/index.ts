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
  DISGUISED_RATE,
  type DisguiseSearch,
  LINEAGE_LEVEL_LOG10,
  type LineageReport,
  type LineageSettings,
  type LineageVerdict,
  NOTICED_RATE,
} from './lineage/lineage-report.js';
export { countOwnPlace, logMatchCountP } from './lineage/match-count.js';
export {
  type FoundNetwork,
  type NetworkSearch,
  type NetworkTest,
  searchNetworks,
} from './lineage/network-search.js';
export {
  ANCHORS,
  chooseAnchors,
  countVocabulary,
  type LayerSketch,
  listSketchable,
  sketchLayer,
} from './lineage/neuron-sketch.js';
export { countInOrder, logOrderCountP } from './lineage/order-count.js';
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
export { compareSketches, type SketchComparison, sampleNeurons } from './lineage/sketch-comparison.js';
export { decodeSketch, encodeSketch } from './lineage/sketch-file.js';
export {
  type AgeKeyKind,
  generateIdentity,
  kindOfRecipient,
  parseIdentities,
  recipientOf,
} from './sealing/age-key.js';
export {
  APPROVALS_NEEDED,
  type Approval,
  type Approver,
  addApproval,
  approve,
  findSigners,
  formatSigned,
  keyIdOf,
  parseApprovers,
  parseSignedLease,
  parseSignedWithdrawal,
  type SignedLease,
  type SignedWithdrawal,
} from './sealing/approval.js';
export { KeyFolder } from './sealing/key-folder.js';
export {
  digestTerms,
  formatTerms,
  type Lease,
  type LeaseTerms,
  makeLease,
  requireFits,
  type Withdrawal,
} from './sealing/lease.js';
export {
  openPaced,
  openPacedFile,
  type PacedFile,
  type PacedKeys,
  readManifest,
} from './sealing/open-paced.js';
export {
  formatManifest,
  MANIFEST_NAME,
  type PacedContainer,
  type PacedManifest,
  parseManifest,
} from './sealing/paced-container.js';
export {
  type FetchedKeys,
  type FetchKeysSettings,
  fetchKeys,
  sendWithdrawal,
} from './sealing/release-client.js';
export { MAX_RELEASE_BODY_BYTES, makeReleaseHandler } from './sealing/release-endpoint.js';
export {
  type Release,
  type ReleasedKey,
  ReleaseService,
  type ReleaseServiceSettings,
  type ReleaseStatement,
} from './sealing/release-service.js';
export { openPath, type SealedFile, sealPath } from './sealing/seal.js';
export { type PacedSettings, sealPaced } from './sealing/seal-paced.js';
export { openSealed } from './sealing/sealed-source.js';
export { openSealedStream, type SealedStreamSettings, sealSource } from './sealing/sealed-stream.js';
export { SealedWeightsDocument } from './sealing/sealed-weights-document.js';
export type { ChunkedFile } from './signing/chunk-hashes.js';
export {
  CHUNK_TREE_TYPE,
  type ChunkStatement,
  type ChunkTree,
  type ChunkTrees,
  openVerifiedSource,
  parseChunkStatement,
  readChunkHashes,
} from './signing/chunk-tree.js';
export { CONTENT_HASHES, type ContentHash } from './signing/content-hash.js';
export { type BomSettings, formatMlBom } from './signing/ml-bom.js';
export { type ModelManifest, type Resource, SHARD_BYTES } from './signing/model-manifest.js';
export { formatModelStatement, MODEL_SIGNATURE_TYPE, parseModelStatement } from './signing/oms-statement.js';
export { type SignedModel, type SigningSettings, signModel } from './signing/sign-model.js';
export {
  type ModelSigner,
  modelSignerOf,
  type SignerTrust,
  signStatement,
  type VerifiedSigner,
  verifySignedStatement,
} from './signing/signed-payload.js';
export {
  type CompareSettings,
  compareModel,
  describeDifferences,
  type ModelDifferences,
  readModelReference,
  type VerifiedSignature,
  verifyModel,
  verifyModelSignature,
} from './signing/verify-model.js';
export {
  formatWeightStatement,
  parseWeightStatement,
  RELATIONS,
  signWeightStatement,
  verifyWeightStatement,
  type WeightStatement,
} from './signing/weight-statements.js';
export { type CarrierSurvey, surveyCarriers } from './tracing/carrier-tensors.js';
export {
  COLLUSIONS,
  type Collusion,
  type CollusionResult,
  type CollusionSettings,
  simulateCollusion,
} from './tracing/collusion.js';
export {
  type CopyCommitment,
  checkRegisteredCopy,
  parseRegisteredCopy,
  type RegisteredCopy,
  registerCopy,
} from './tracing/copy-register.js';
export { type ExpectedCase, expectLogP } from './tracing/expected-score.js';
export type { CopyHolder } from './tracing/fingerprint-code.js';
export { digestFiles, type FileDigest, type MarkedCopy, markCopy } from './tracing/mark-copy.js';
export {
  createMarkKey,
  digestMarkKey,
  formatMarkKey,
  type MarkedTensor,
  type MarkKey,
  type MarkParameters,
  parseMarkKey,
  WEIGHT_MARKS,
} from './tracing/mark-key.js';
export { type MarkPlan, type PlanSettings, planMarks } from './tracing/plan.js';
export {
  type CopyReading,
  REALIGNMENTS,
  type Realignment,
  readCopy,
  type TensorReading,
} from './tracing/read-copy.js';
export {
  type Accusation,
  accuse,
  TRACE_ALPHA,
  type TraceReport,
  type TraceSettings,
  traceCopy,
} from './tracing/trace-copy.js';
export type { WeightsErrorCode } from './weights-error.js';
