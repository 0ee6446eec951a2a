import { createHash } from 'node:crypto';
import { toHex } from '@phalanx/core';
import { adjustByHolm, toLog10 } from '@phalanx/stats';
import { checkDecoys } from './detect/decoys.js';
import { testKey } from './detect/log-p.js';
import { findSpans, MAX_SEARCHED_TOKENS } from './detect/spans.js';
import type { Mark } from './mark.js';
import type { MarkProfile } from './profile.js';
import type { Masked } from './text/masked-ranges.js';
import { gatherTexts, type ReadText, readText } from './text/read-text.js';
import type { Tokenizer } from './text/tokenizer.js';

/** What is to be asked of texts about one key, fixed before they are seen. */
export interface DetectionRequest {
  readonly profile: MarkProfile;
  readonly mark: Mark;
  readonly tokenizer: Tokenizer;
  readonly texts: readonly string[];
  /** Parts that are left out. */
  readonly masked: readonly Masked[];
  /** Chance of any false statement about single texts or spans. */
  readonly alpha: number;
  /** `all`: only the texts together. `each`: each text as well. `spans`: and where in each. */
  readonly depth: 'all' | 'each' | 'spans';
  /** Keys of the same dialect that nobody used, 20 at least; about 200. */
  readonly decoys: Iterable<Mark>;
}

/** A stretch of a text. */
export interface ReportedSpan {
  /** Half-open, in tokens. */
  readonly tokens: readonly [number, number];
  /** The same in UTF-16 code units; null when the vocabulary does not say. */
  readonly characters: readonly [number, number] | null;
  readonly log10P: number;
  /** Mean probability of its tokens of being marked under the chain's assumptions; a description. */
  readonly confidence: number;
}

export interface ReportedText {
  /** Why this text has no tokens; absent when it was read. */
  readonly unread?: string;
  /** Homoglyphs, invisible characters and runs of spaces undone before the text was read; then places are those of the repaired text. */
  readonly repaired: number;
  readonly log10P: number;
  /** Adjusted for all texts (Holm). */
  readonly log10AdjustedP: number;
  readonly scored: number;
  readonly excess: number;
  /**
   * With `spans`. Absent where nothing can be said of a stretch: the dialect's n-grams share values (`Mark.test`), or the text has
   * more than `MAX_SEARCHED_TOKENS`; one such text does not keep the others from being searched.
   */
  readonly spans?: readonly ReportedSpan[];
}

/** What was found, with all that somebody needs to compute it again who has the texts and the key. */
export interface DetectionReport {
  readonly schema: 'phalanx.mark-detection.v1';
  readonly dialect: string;
  readonly prf: string;
  readonly keyId: string;
  readonly model: string;
  readonly tokenizerSha256: string;
  readonly null: string;
  readonly assumption: string;
  readonly masked: readonly Masked[];
  readonly alpha: number;
  /** SHA-256 of the SHA-256 of each text's UTF-8, in order. */
  readonly textsSha256: string;
  readonly texts: number;
  /** Texts that the vocabulary cannot spell or that are too long: they count as holding no token. */
  readonly unread: number;
  /** All texts together, each n-gram once. */
  readonly log10P: number;
  readonly scored: number;
  readonly repeated: number;
  readonly unscored: number;
  readonly excess: number;
  /** Unused keys on the same n-grams; null when nothing was scored. */
  readonly decoys: {
    readonly tried: number;
    readonly atMost1Percent: number;
    readonly calibrated: boolean;
  } | null;
  /** One for each text, unless the depth is `all`. */
  readonly each: readonly ReportedText[];
}

/** The report, and for each text what a picture of it needs. */
export interface Detection {
  readonly report: DetectionReport;
  readonly read: readonly ReadText[];
  /** Of each text each token's probability of being marked; null where spans were not searched. */
  readonly posteriors: readonly (Float64Array | null)[];
}

/**
 * Tests texts for a key: together, with corpus-wide deduplication; each by itself under Holm; and spans, each text at its share of alpha.
 *
 * @throws PhalanxError `MARK_LIMIT`, `MARK_ARGUMENT` as the tests do
 */
export function detectMark(request: DetectionRequest): Detection {
  const { profile, mark, tokenizer, masked, alpha, depth } = request;
  const read = request.texts.map((text) => readText(tokenizer, text, masked));
  const together = gatherTexts(mark, read);
  const { logP, scored, excess } = testKey(mark, together);
  const decoys = scored === 0 ? null : checkDecoys(together, request.decoys);
  const posteriors = read.map((): Float64Array | null => null);
  const each = depth === 'all' ? [] : testEach(request, read, posteriors);
  const report: DetectionReport = {
    schema: 'phalanx.mark-detection.v1',
    dialect: profile.dialect,
    prf: profile.prf,
    keyId: profile.keyId,
    model: profile.model,
    tokenizerSha256: profile.tokenizerSha256,
    null: 'the key has nothing to do with how these tokens were chosen',
    assumption: 'the key was secret and was fixed before these texts were written',
    masked,
    alpha,
    textsSha256: digestTexts(request.texts),
    texts: request.texts.length,
    unread: read.filter(({ unread }) => unread !== null).length,
    log10P: toLog10(logP),
    scored,
    repeated: together.repeated,
    unscored: together.unscored,
    excess,
    decoys: decoys && {
      tried: decoys.tried,
      atMost1Percent: decoys.atMost1,
      calibrated: decoys.calibrated,
    },
    each,
  };
  return { report, read, posteriors };
}

function testEach(
  { mark, alpha, depth }: DetectionRequest,
  read: readonly ReadText[],
  posteriors: (Float64Array | null)[],
): ReportedText[] {
  const gathered = read.map((text) => gatherTexts(mark, [text]));
  const tests = gathered.map((ngrams) => testKey(mark, ngrams));
  const adjusted = adjustByHolm(tests.map(({ logP }) => logP));
  return tests.map(({ logP, scored, excess }, i) => {
    const { repairs, unread } = read[i]!;
    const repaired = repairs === null ? 0 : repairs.homoglyphs + repairs.invisible + repairs.spaces;
    const text = {
      ...(unread !== null && { unread }),
      repaired,
      log10P: toLog10(logP),
      log10AdjustedP: toLog10(adjusted[i]!),
      scored,
      excess,
    };
    const { tokens, starts } = read[i]!;
    if (depth !== 'spans' || mark.test !== undefined || tokens.length > MAX_SEARCHED_TOKENS) return text;
    const { spans, posterior } = findSpans(
      mark.pivot,
      mark.read(gathered[i]!),
      gathered[i]!.position,
      tokens.length,
      {
        alpha: alpha / read.length,
        ...(mark.secondShare !== undefined && { secondShare: mark.secondShare }),
      },
    );
    posteriors[i] = posterior;
    return {
      ...text,
      spans: spans.map(({ start, end, logP: logSpanP, confidence }) => ({
        tokens: [start, end] as const,
        characters: starts === null ? null : ([starts[start]!, starts[end]!] as const),
        log10P: toLog10(logSpanP),
        confidence,
      })),
    };
  });
}

function digestTexts(texts: readonly string[]): string {
  const whole = createHash('sha256');
  for (const text of texts) whole.update(createHash('sha256').update(text).digest());
  return toHex(whole.digest());
}
