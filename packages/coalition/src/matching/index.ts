export { AUDITED_SHARE, type DrawHalf, drawPositions, makeDrawHalf } from './audit-draw.js';
export { askForProof, type CombinedCheck, finalizeCombined } from './combined-proof.js';
export { type PsiOptions, PsiParty } from './dh-psi.js';
export { KeyGeneration, type KeyGenerationOptions } from './distributed-key.js';
export {
  type EqualityClaim,
  MAX_PROVED,
  PROOF_BYTES,
  proveEquality,
  verifyEquality,
} from './equality-proof.js';
export { expandMessage, hashToGroup, hashToScalar } from './hash-to-group.js';
export {
  checkKeyGroup,
  EPOCH_MS,
  epochOf,
  type KeyGroup,
  keyGroupSchema,
  keyIdOf,
  MAX_SERVERS,
} from './key-group.js';
export {
  type KeyComplaint,
  type KeyDealing,
  type KeyPiece,
  type KeyPromise,
  keyComplaintSchema,
  keyDealingSchema,
  keyPieceSchema,
  keyPromiseSchema,
  MAX_KEY_TEXT,
} from './key-messages.js';
export { EpochShares, KeyShare } from './key-share.js';
export {
  isListed,
  type LookupAnswer,
  type LookupRequest,
  LookupTable,
  lookupAnswerSchema,
  lookupRequestSchema,
  MAX_LOOKUP_TEXT,
  MAX_SIGHTING_TEXT,
  makeLookupRequest,
  SightingTable,
  TOKEN_BYTES,
  type TokenSightings,
  tokenOfOutput,
  tokenSightingsSchema,
} from './lookup.js';
export { decodeMessage, encodeMessage } from './message.js';
export {
  type BlindedInput,
  blindInput,
  deriveOprfKey,
  evaluateInput,
  evaluatePoints,
  finalizeInput,
  finalizeInputs,
  type OprfKey,
  type OprfMode,
} from './oprf.js';
export { checkPsiAudit, type PsiAudit, type PsiOpening, type PsiRecord } from './psi-audit.js';
export {
  MAX_PSI_TEXT,
  type PsiMasked,
  type PsiPromise,
  type PsiRemasked,
  psiMaskedSchema,
  psiPromiseSchema,
  psiRemaskedSchema,
} from './psi-messages.js';
export {
  CHANGED_SHARE,
  EpochQuota,
  EVALUATIONS_AN_ELEMENT,
  MAX_EVALUATIONS,
  MAX_RUNS,
  type QuotaEvent,
  type QuotaState,
} from './quotas.js';
export { rehearseKey } from './rehearsed-key.js';
export {
  decadeOf,
  MAX_THRESHOLD,
  makesTag,
  type RevealTerms,
  type SealedSighting,
  type Sighting,
  sealSighting,
} from './sealed-sighting.js';
export {
  checkDeclaration,
  declareSet,
  MAX_DECLARATION_TEXT,
  MAX_SET,
  paddedSize,
  type SetDeclaration,
  setDeclarationSchema,
} from './set-commitment.js';
export {
  BAND_LANES,
  BANDS,
  bandHitProbability,
  bandSightings,
  bandValues,
  clusterTemplates,
  estimateSimilarity,
  SKETCH_LANES,
  type TemplateCluster,
} from './template-bands.js';
export {
  blindForServers,
  type EvaluationRequest,
  evaluateShare,
  evaluationRequestSchema,
  finalizeFromServers,
  MAX_EVALUATION_TEXT,
  MAX_POINTS,
  type PartialEvaluation,
  partialEvaluationSchema,
  type ThresholdRequest,
} from './threshold-oprf.js';
export {
  type FalseSubmission,
  MAX_REVEAL_TEXT,
  packReveal,
  type RevealBatch,
  RevealCollector,
  type RevealedGroup,
  type RevealResult,
  revealBatchSchema,
} from './threshold-reveal.js';
export {
  canonicalValue,
  matchingInput,
  needsSplitKey,
  singleKeyInput,
  textOfValue,
  VALUE_CLASSES,
  type ValueClass,
} from './value-class.js';
export { evaluateVerifiably, finalizeVerifiably, type VerifiableEvaluation } from './voprf.js';
