import { atlas } from './atlas.js';
import { attribution } from './attribution.js';
import { blackBox } from './black-box.js';
import { canonicalJsonSuite } from './canonical-json.js';
import { clickhouseShards } from './clickhouse-shards.js';
import { clickhouseCluster } from './clickhouse-suite.js';
import { coalitionHub } from './coalition-hub.js';
import { coalitionIdentity } from './coalition-identity.js';
import { coalitionTrust } from './coalition-trust.js';
import { evidenceBundle } from './evidence-bundle.js';
import { evidenceFormats } from './evidence-formats.js';
import { evidenceReport } from './evidence-report.js';
import { formats } from './formats.js';
import { goVerifiers } from './go-verifiers.js';
import { knownBenchmarks } from './known-benchmarks.js';
import { ledgerKeys } from './ledger-keys.js';
import { ledgerNetwork } from './ledger-network.js';
import { ledgerPowerLoss } from './ledger-power-loss.js';
import { ledgerSystemCalls } from './ledger-system-calls.js';
import { leiden } from './leiden.js';
import { nearRepeats } from './near-repeats.js';
import { oneJob } from './one-job.js';
import { privateMatching } from './private-matching.js';
import { radioactivity } from './radioactivity.js';
import { sharingPolicy } from './sharing-policy.js';
import { signatureVectors } from './signature-vectors.js';
import { stix } from './stix.js';
import type { Suite } from './suite.js';
import { tails } from './tails.js';
import { taxiiClient } from './taxii-client.js';
import { taxiiServer } from './taxii-server.js';
import { templateFingerprint } from './template-fingerprint.js';
import { transparencyLog } from './transparency-log.js';
import { triage } from './triage.js';
import { watermarkEngines } from './watermark-engines.js';
import { watermarkGumbel } from './watermark-gumbel.js';
import { watermarkKgw } from './watermark-kgw.js';
import { watermarkOwn } from './watermark-own.js';
import { watermarkStatistics } from './watermark-statistics.js';
import { watermarkSynthid } from './watermark-synthid.js';
import { weightFormats } from './weight-formats.js';
import { weightLineage } from './weight-lineage.js';
import { weightSealing } from './weight-sealing.js';
import { weightSigning } from './weight-signing.js';
import { weightTracing } from './weight-tracing.js';
import { weightUtility } from './weight-utility.js';

/** Every suite, quick ones first: a new one is one file and one entry here. */
export const suites: readonly Suite[] = [
  canonicalJsonSuite,
  atlas,
  templateFingerprint,
  transparencyLog,
  ledgerKeys,
  signatureVectors,
  knownBenchmarks,
  nearRepeats,
  attribution,
  oneJob,
  leiden,
  tails,
  privateMatching,
  weightFormats,
  weightLineage,
  weightTracing,
  weightSigning,
  weightSealing,
  weightUtility,
  blackBox,
  radioactivity,
  watermarkKgw,
  triage,
  watermarkSynthid,
  watermarkStatistics,
  watermarkGumbel,
  watermarkOwn,
  watermarkEngines,
  stix,
  taxiiServer,
  coalitionHub,
  coalitionIdentity,
  coalitionTrust,
  sharingPolicy,
  taxiiClient,
  formats,
  evidenceFormats,
  evidenceReport,
  evidenceBundle,
  ledgerNetwork,
  goVerifiers,
  ledgerSystemCalls,
  ledgerPowerLoss,
  clickhouseCluster,
  clickhouseShards,
];
