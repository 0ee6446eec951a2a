import { refuse } from '../coalition-error.js';
import { MODEL_LINEAGE } from './extensions/model-lineage.js';
import { WATERMARK_DETECTION } from './extensions/watermark-detection.js';
import { type Authorship, makeDomainObject, makeObservable, makeRelationship } from './made-object.js';
import { roundFigure } from './order-of-magnitude.js';
import { quoteString } from './pattern/literal.js';
import { STIX_LIMITS } from './stix-limits.js';
import type { StixObject } from './stix-object.js';
import { formatTimestamp } from './timestamp.js';

/** A test for a mark as it is shared: its null, its effect and how often somebody tried. */
export interface SharedMarkDetection {
  /** Dialect, for example `kgw`. */
  readonly scheme: string;
  /** SHA-256 commitment to the key, hexadecimal; never the key. */
  readonly keyCommitment: string;
  readonly scored: number;
  readonly statistic: string;
  /** Effect size. */
  readonly excess: number;
  /** At most 0. */
  readonly log10P: number;
  readonly nullHypothesis: string;
  readonly assumption: string;
  /** Texts, keys and looks that were tried. */
  readonly tries: number;
  /** SHA-256 of the detector and of the evidence, hexadecimal. */
  readonly detectorDigest?: string;
  readonly evidenceRoot?: string;
}

/** A mark that was found as an object of STIX. @throws PhalanxError `COALITION_STIX` for figures out of range */
export function describeMarkDetection(detection: SharedMarkDetection, authorship: Authorship): StixObject {
  return makeDomainObject(WATERMARK_DETECTION.name, authorship, {
    scheme: detection.scheme,
    key_commitment: detection.keyCommitment,
    tokens_scored: detection.scored,
    statistic: detection.statistic,
    score: roundFigure(detection.excess),
    p_value_log10: roundUp(detection.log10P),
    null_model: detection.nullHypothesis,
    assumption: detection.assumption,
    tries: detection.tries,
    detector_digest: detection.detectorDigest,
    evidence_root: detection.evidenceRoot,
  });
}

/** A test of descent as it is shared. The suspect files are published; the reference is a commitment. */
export interface SharedLineage {
  readonly verdict: string;
  /** At most 0; 0 is no evidence. */
  readonly log10P: number;
  /** Of hidden units that match themselves; null where none could be compared. */
  readonly share: number | null;
  readonly method: string;
  readonly nullHypothesis: string;
  readonly tries: number;
  /** SHA-256 of each suspect file, hexadecimal. */
  readonly suspectSha256: readonly string[];
  /** SHA-256 commitment to the reference weights, hexadecimal. */
  readonly referenceCommitment: string;
  readonly evidenceRoot?: string;
  /** Days after which the indicator ends. */
  readonly validDays: number;
}

/**
 * A test of descent: the suspect files as observables, the lineage, and, where the verdict is that they were derived, an indicator by
 * which another lab finds the same files.
 *
 * @throws PhalanxError `COALITION_STIX` for figures out of range
 */
export function describeLineage(lineage: SharedLineage, authorship: Authorship): StixObject[] {
  if (lineage.suspectSha256.length === 0 || lineage.suspectSha256.length > STIX_LIMITS.patternNodes / 4) {
    return refuse(
      'COALITION_STIX',
      'no suspect files, or too many for one pattern',
      'share them in several parts',
    );
  }
  const files = lineage.suspectSha256.map((sha256) =>
    makeObservable('file', authorship.markingRefs, { hashes: { 'SHA-256': sha256 } }),
  );
  const object = makeDomainObject(MODEL_LINEAGE.name, authorship, {
    suspect_refs: files.map(({ id }) => id),
    reference_commitment: lineage.referenceCommitment,
    method: lineage.method,
    verdict: lineage.verdict.replaceAll(' ', '-'),
    p_value_log10: roundUp(lineage.log10P),
    share: lineage.share === null ? undefined : roundFigure(lineage.share),
    null_model: lineage.nullHypothesis,
    tries: lineage.tries,
    evidence_root: lineage.evidenceRoot,
  });
  if (!lineage.verdict.startsWith('derived')) return [...files, object];
  const hashes = lineage.suspectSha256.map((sha256) => `file:hashes.'SHA-256' = ${quoteString(sha256)}`);
  const indicator = makeDomainObject('indicator', authorship, {
    name: 'model-lineage',
    indicator_types: ['malicious-activity'],
    pattern: `[${hashes.join(' OR ')}]`,
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: formatTimestamp(authorship.atMs),
    valid_until: formatTimestamp(authorship.atMs + lineage.validDays * 86_400_000),
  });
  return [...files, object, indicator, makeRelationship('based-on', indicator.id, object.id, authorship)];
}

/** Two digits, towards 0: what is shared is never stronger than what was found. */
function roundUp(log10P: number): number {
  if (log10P === 0) return 0;
  const step = 10 ** (Math.floor(Math.log10(-log10P)) - 1);
  return Math.min(0, -Number((Math.floor(-log10P / step) * step).toPrecision(2)));
}
