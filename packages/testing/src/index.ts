export { ArrayTelemetry } from './array-telemetry.js';
export { type ArrivalModel, builtInArrivals, type Clock, type Rhythm } from './arrival-clock.js';
export { buildWorld, type WorldPlan } from './build-world.js';
export { BUILT_IN_ATTACK_SOURCES, BUILT_IN_HONEST_SOURCES, buildBuiltInSources } from './built-in-grammar.js';
export { planHeavyAccount } from './campaigns/a1-heavy-account.js';
export { planLruHydra } from './campaigns/a2-lru-hydra.js';
export { planSlowAndLow } from './campaigns/a3-slow-and-low.js';
export { planReasoningElicitation } from './campaigns/a4-reasoning-elicitation.js';
export { planRewardModel } from './campaigns/a5-reward-model.js';
export { planSafeRewrites } from './campaigns/a6-safe-rewrites.js';
export { planAgentic } from './campaigns/a7-agentic.js';
export { planReleasePivot } from './campaigns/a8-release-pivot.js';
export { planAdaptive } from './campaigns/a9-adaptive.js';
export { planProgrammeFarm } from './campaigns/a10-programme-farm.js';
export {
  buildCoalition,
  type CoalitionPlan,
  type CoalitionWorld,
  withoutHydra,
} from './coalition/coalition-world.js';
export type { DealtWorld } from './coalition/dealt-world.js';
export {
  type JointOptions,
  type JointRun,
  type Participant,
  runJointFinding,
} from './coalition/joint-run.js';
export { collectSecrets, findLeaks, type Leak, type Secrets } from './coalition/leak-search.js';
export { CoalitionKeys, type Rehearsal, rehearseCoalition } from './coalition/rehearsal.js';
export { type LabReplay, SimulatedLab } from './coalition/simulated-lab.js';
export { type SentMessage, Transcript } from './coalition/transcript.js';
export {
  type Continuation,
  type ModelEndpoint,
  type ServedModel,
  serveModels,
} from './endpoint/model-endpoint.js';
export type { TestingErrorCode } from './error.js';
export { RowFlag } from './exchange-columns.js';
export { eachExchange, readExchange } from './exchange-view.js';
export { HYDRA_DEFAULTS, type HydraOptions, type HydraPlan, type ProductKind } from './hydra-plan.js';
export { trainByteVocabulary } from './language/byte-vocabulary.js';
export { type ContinueSettings, continueTokens } from './language/continue-text.js';
export { Llama } from './language/llama.js';
export {
  type LlamaLayer,
  type LlamaSettings,
  type LlamaSizes,
  type LlamaWeights,
  readLlama,
} from './language/llama-weights.js';
export {
  measureEntropy,
  type NextTokens,
  NgramModel,
  type NgramModelOptions,
} from './language/ngram-model.js';
export { OnlineModel, type OnlineModelOptions } from './language/online-model.js';
export { ScoreVocabulary } from './language/score-vocabulary.js';
export { encodeWords } from './language/word-vocabulary.js';
export { type LogFiles, toLiteLlmPayload, writeLiteLlmLog } from './litellm-log.js';
export { measureNearRepeats, type NearRepeats } from './near-repeat.js';
export { type PoisoningResult, playPoisoning } from './poisoning/game.js';
export { ATTACKS, type Attack, POISONING_DEFAULTS, type PoisoningOptions } from './poisoning/game-options.js';
export { loadPromptFolder, PromptSource } from './prompt-source.js';
export {
  type ClosedTrial,
  StudentTrial,
  type StudentTrialOptions,
} from './radioactivity/student-trial.js';
export { Random, stream } from './random.js';
export { planScenario, SCENARIOS, type ScenarioName, type ScenarioOptions } from './scenario.js';
export { loadTenantArrivals } from './tenant-clock.js';
export type { OrdinaryPlan, SourceShare } from './tenants/ordinary.js';
export type { TenantKind, TenantPlan } from './tenants/tenant-plan.js';
export type { AccountLabel, Suspension, World } from './world.js';
export { WorldRecords } from './world-records.js';
