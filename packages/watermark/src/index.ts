export { type ChosenDraft, chooseDraft, MAX_DRAFTS } from './best-of.js';
export { drawCandidate, type Truncation, truncateCandidates, truncateLogits } from './candidates.js';
export {
  type Attribution,
  type AttributionOptions,
  attributeKeys,
  judgeKeys,
  type KeyTest,
  type KeyVerdict,
  MAX_RING_KEYS,
  type RingKey,
} from './detect/attribution.js';
export { checkDecoys, checkPValues, type DecoyCheck, MAX_DECOYS } from './detect/decoys.js';
export { type EvidenceOptions, EvidenceProcess } from './detect/evidence-process.js';
export { MAX_FRESH_KEYS, type MarkRank, type MarkRankOptions, rankMark } from './detect/key-rank.js';
export { testLikelihood } from './detect/likelihood-test.js';
export {
  linearLayerWeights,
  type MarkTest,
  type MarkTestOptions,
  SECOND_SHARE,
  testKey,
  testMark,
} from './detect/log-p.js';
export {
  attributeRows,
  MAX_ROW_TESTS,
  type NamedRow,
  type RowAttribution,
} from './detect/row-attribution.js';
export {
  findSpans,
  MAX_SCAN_TOKENS,
  MAX_SCAN_WORK,
  MAX_SEARCHED_TOKENS,
  type MarkedSpan,
  type SpanOptions,
  type SpanSearch,
} from './detect/spans.js';
export {
  type Detection,
  type DetectionReport,
  type DetectionRequest,
  detectMark,
  type ReportedSpan,
  type ReportedText,
} from './detection-report.js';
export { openDecoys } from './dialects/decoy-keys.js';
export {
  deepmindSynthidParameters,
  openDeepmindSynthid,
  openDeepmindSynthidTest,
} from './dialects/deepmind-synthid.js';
export { hfKgwParameters, openHfKgw } from './dialects/hf-kgw.js';
export { hfSynthidParameters, openHfSynthid, openHfSynthidTest } from './dialects/hf-synthid.js';
export { lmWatermarkingParameters, openLmWatermarking } from './dialects/lm-watermarking.js';
export { markllmKgwParameters, openMarkllmKgw } from './dialects/markllm-kgw.js';
export { openPhalanxGumbel, phalanxGumbelParameters } from './dialects/phalanx-gumbel.js';
export {
  openPhalanxKgw,
  openPhalanxUnigram,
  phalanxKgwParameters,
  phalanxUnigramParameters,
} from './dialects/phalanx-kgw.js';
export {
  type MultibitMark,
  openPhalanxMultibit,
  phalanxMultibitParameters,
} from './dialects/phalanx-multibit.js';
export { openPhalanxSynthid, phalanxSynthidParameters } from './dialects/phalanx-synthid.js';
export { type Dialect, dialectOf, dialects, openMark } from './dialects/registry.js';
export {
  openSglangDualGumbel,
  openSglangGumbel,
  sglangDualGumbelParameters,
  sglangGumbelParameters,
} from './dialects/sglang-gumbel.js';
export { maskLikeSynthid, type SynthidMaskOptions } from './dialects/synthid-mask.js';
export {
  openTextSeal,
  openTextSealDual,
  openTextSealGreenlist,
  textsealDualParameters,
  textsealGreenlistParameters,
  textsealParameters,
} from './dialects/textseal.js';
export {
  openThreeBricksGumbel,
  openThreeBricksKgw,
  threeBricksGumbelParameters,
  threeBricksKgwParameters,
} from './dialects/three-bricks.js';
export { openUnigram, unigramParameters } from './dialects/unigram.js';
export { deriveVllmKey, openVllmDualGumbel, vllmDualGumbelParameters } from './dialects/vllm-dual-gumbel.js';
export { openVllmGumbel, openVllmGumbelHmac, vllmGumbelParameters } from './dialects/vllm-gumbel.js';
export { testVllmGumbelRing, type VllmRingKey } from './dialects/vllm-gumbel-ring.js';
export { openVllmRedGreen, vllmRedGreenParameters } from './dialects/vllm-red-green.js';
export { openVllmSbw, vllmSbwParameters } from './dialects/vllm-sbw.js';
export { openVllmSynthid, vllmSynthidParameters } from './dialects/vllm-synthid.js';
export {
  type DetectionEndpointSettings,
  type EndpointCaller,
  LEAST_SCORED,
  MARKED_LOG_P,
  MAX_QUESTION_BYTES,
  makeDetectionHandler,
  type PublicAnswer,
  type QuestionRecord,
} from './endpoint/detection-endpoint.js';
export { type Admission, OracleGuard, type OracleGuardSettings } from './endpoint/oracle-guard.js';
export { deriveMarkKey, foreignKeyId, KEY_SCHEDULE, type KeyScope, markKeyId } from './key-schedule.js';
export { type Candidates, type Mark, type Pivot, valuesPerNgram } from './mark.js';
export {
  collectNgrams,
  MAX_TOKENS,
  NgramCollector,
  type NgramOptions,
  type Ngrams,
  selectNgrams,
} from './ngrams.js';
export { type GreenListOptions, GreenLists } from './prf/green-lists.js';
export { HmacSha256Prf } from './prf/hmac-sha256.js';
export { KGW_PRFS, type KgwPrfName } from './prf/kgw-prfs.js';
export { drawNumpyWords, expandNumpySeed, shuffleNumpyMask } from './prf/numpy-generator.js';
export { PhiloxPrf, permutePhilox, sumPhiloxScores } from './prf/philox.js';
export { SbwDraw, type SbwDraws } from './prf/sbw-draw.js';
export { hashSglangContext, SglangHash } from './prf/sglang-hash.js';
export { PrfScheme, SIPHASH_PRF, SipHashPrf } from './prf/siphash.js';
export { hashRows, SynthidPrf } from './prf/synthid-hash.js';
export { SynthidTablePrf } from './prf/synthid-table.js';
export { TextSealHash, type TextSealHashes } from './prf/textseal-hash.js';
export {
  drawTorchIntegers,
  drawTorchMantissas,
  MAX_TORCH_NUMBERS,
  permuteTorch,
  pickTorchMantissas,
  reduceTorchSeed,
} from './prf/torch-generator.js';
export {
  checkProfile,
  createMarkProfile,
  formatSignedProfile,
  MarkProfile,
  openSignedProfile,
  type ProfileInput,
  type ProfileUse,
  parseMarkProfile,
  Sampling,
  SignedMarkProfile,
  signMarkProfile,
} from './profile.js';
export { AnswerTally, addTallied, type TalliedContext } from './radioactivity/answer-tally.js';
export { type ClosedFigures, ClosedTest } from './radioactivity/closed-test.js';
export {
  type DoseEstimate,
  type DosePoint,
  estimateImprint,
  invertDoseCurve,
} from './radioactivity/dose.js';
export { NgramStudent, type NgramStudentOptions } from './radioactivity/ngram-student.js';
export {
  type OpenFigures,
  OpenTest,
  type ReferencedContext,
  type TokenMass,
} from './radioactivity/open-test.js';
export { digestPlan, digestPrompts, RadioactivityPlan } from './radioactivity/plan.js';
export type { Questioning } from './radioactivity/questioning.js';
export {
  type ModelFigures,
  type RadioactivityParts,
  type RadioactivityResult,
  testRadioactivity,
  type Verdict,
} from './radioactivity/radioactivity.js';
export { TiltProcess } from './radioactivity/tilt-process.js';
export { massOf, toTokenMass, type Vocabulary } from './radioactivity/token-mass.js';
export {
  checkOutput,
  type OutputRegistration,
  type OutputSalt,
  registerOutput,
} from './registered-outputs.js';
export {
  type DrawnToken,
  makeSampler,
  openSampler,
  type Sampler,
  type SamplerOptions,
  type SamplingStep,
} from './sampler.js';
export { LayerDecoys } from './schemes/layer-decoys.js';
export { type PayloadReading, PayloadScores } from './schemes/payload-scores.js';
export { runTournament } from './schemes/synthid.js';
export { descendingWeights, SynthidTableNull } from './schemes/synthid-null.js';
export { findMasked, MASKED, type Masked, maskTokens, type TextRange } from './text/masked-ranges.js';
export { gatherTexts, type ReadText, readText } from './text/read-text.js';
export { MAX_TEXT, openTokenizer, type Tokenizer } from './text/tokenizer.js';
export type { WatermarkErrorCode } from './watermark-error.js';
