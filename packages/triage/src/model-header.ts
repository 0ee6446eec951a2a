import { MAX_CATEGORIES, MAX_LABEL_CHARS, MAX_TEXT_CHARS } from './limits.js';
import { MEMBER_NAMES } from './members.js';
import type { TextKind } from './normalised-text.js';
import { prepareText } from './prepared-text.js';
import { measureStyle } from './style-measures.js';
import { requireModel } from './triage-error.js';
import type { CorpusDescription } from './triage-model.js';

/** What of a model is few numbers, as JSON in its file. */
export interface ModelHeader {
  readonly kind: TextKind;
  readonly minWords: number;
  readonly minCalibration: number;
  readonly corpus: CorpusDescription;
  readonly gramBias: number;
  readonly styleScaling: { readonly means: readonly number[]; readonly factors: readonly number[] };
  readonly style: { readonly weights: readonly number[]; readonly bias: number };
  readonly stackScaling: { readonly means: readonly number[]; readonly factors: readonly number[] };
  readonly stack: { readonly weights: readonly number[]; readonly bias: number };
  readonly lengthEdges: readonly number[];
  readonly categories: readonly string[];
  /** Lengths of the arrays that follow, in elements. */
  readonly lengths: readonly number[];
}

/** The header in a parsed JSON value. @throws PhalanxError `TRIAGE_MODEL` naming the member that is wrong. */
export function checkHeader(value: unknown): ModelHeader {
  const header = value as ModelHeader;
  requireModel(isObject(value), 'its header is no JSON object');
  requireModel(header.kind === 'text' || header.kind === 'code', 'kind');
  requireModel(isCount(header.minWords) && header.minWords >= 20, 'minWords');
  requireModel(isCount(header.minCalibration) && header.minCalibration >= 19, 'minCalibration');
  checkCorpus(header.corpus);
  requireModel(isModest(header.gramBias), 'gramBias');
  const styles = measureStyle(prepareText('', header.kind)).length;
  checkPart(header.styleScaling, ['means', 'factors'], styles, 'styleScaling');
  checkPart(header.style, ['weights'], styles, 'style');
  checkPart(header.stackScaling, ['means', 'factors'], MEMBER_NAMES.length, 'stackScaling');
  checkPart(header.stack, ['weights'], MEMBER_NAMES.length, 'stack');
  requireModel(isModest(header.style.bias) && isModest(header.stack.bias), 'bias');
  const { lengthEdges, categories, lengths } = header;
  requireModel(
    Array.isArray(lengthEdges) &&
      lengthEdges.length >= 2 &&
      lengthEdges.length <= 16 &&
      lengthEdges.every(
        (edge, i) => isCount(edge) && edge <= 4 * MAX_TEXT_CHARS && (i === 0 || edge > lengthEdges[i - 1]!),
      ),
    'lengthEdges',
  );
  requireModel(
    Array.isArray(categories) &&
      categories.length <= MAX_CATEGORIES &&
      categories.every((name) => typeof name === 'string' && name.length <= MAX_LABEL_CHARS + 64) &&
      new Set(categories).size === categories.length,
    'categories',
  );
  requireModel(
    Array.isArray(lengths) && lengths.length === 2 * categories.length + 12 && lengths.every(isCount),
    'lengths',
  );
  return header;
}

/** Whether a number is one that a fit could end with: sums of a million such products are finite. */
export function isModest(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 1e12;
}

function checkCorpus(corpus: CorpusDescription): void {
  requireModel(isObject(corpus), 'corpus');
  for (const name of ['seed', 'human', 'machine', 'calibration', 'tooShort', 'heldBack'] as const)
    requireModel(isCount(corpus[name]), `corpus.${name}`);
  requireModel(typeof corpus.sha256 === 'string' && /^[0-9a-f]{64}$/.test(corpus.sha256), 'corpus.sha256');
  requireModel(isObject(corpus.crossFittedAuroc), 'corpus.crossFittedAuroc');
  for (const name of [...MEMBER_NAMES, 'stack'] as const) {
    const area = corpus.crossFittedAuroc[name];
    requireModel(area >= 0 && area <= 1, 'corpus.crossFittedAuroc');
  }
}

function checkPart(part: unknown, names: readonly string[], length: number, where: string): void {
  requireModel(isObject(part), where);
  for (const name of names) {
    const list = part[name];
    requireModel(Array.isArray(list) && list.length === length && list.every(isModest), where);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
