import type { Passage, Prediction, SuspectModel } from '@phalanx/suspect';
import { refuse } from '../watermark-error.js';
import { AnswerTally, addTallied } from './answer-tally.js';
import type { ClosedTest } from './closed-test.js';
import type { OpenTest, TokenMass } from './open-test.js';
import { alignSteps, toTokenMass, type Vocabulary } from './token-mass.js';

/** How models are asked: the same for a suspect and for its controls. */
export interface Questioning {
  /** Prompts that are answered (closed, and open by the probabilities of answers), or passages whose next tokens are asked for. */
  readonly prompts: readonly Passage[];
  /** Of the mark; may be left out when all passages are token ids. */
  readonly vocabulary?: Vocabulary;
  /** A model that never saw marks; see `OpenTest`. Must tell probabilities after a context. */
  readonly reference?: SuspectModel;
  /**
   * Whether prompts may be marked. Then no context of a prompt counts where whole contexts are weighed (`text-contrast`, and
   * `answers`). Prompts that no key had a part in may be copied without harm. N-grams of answers alone always leave out what
   * stands in a prompt.
   */
  readonly supervised?: boolean;
  /**
   * Open: `answers` reads the probabilities told with an answer, one question for many contexts; `passages` asks for each context
   * of the prompts, the prompt itself being the text. Default `passages`.
   */
  readonly contexts?: 'answers' | 'passages';
  /** Open, `passages`: tokens before the one asked for that are sent, at least the mark's context. Default 64. */
  readonly prefixTokens?: number;
  /** Contexts asked for at most. Default 20,000. */
  readonly maxContexts?: number;
  /** Questions under way at a time. Default 4. Their order in the test is that of the prompts. */
  readonly concurrency?: number;
  /** Leaves tokens of an answer out: code, say. */
  readonly mask?: (answer: Passage, tokens: Int32Array) => Uint8Array | undefined;
  readonly onProgress?: (asked: number, logE: number | null) => void;
}

/** Asks every prompt, or until logE reaches `enough`; returns how many were asked. */
export async function askClosed(
  model: SuspectModel,
  test: ClosedTest,
  questioning: Questioning,
  enough: number,
): Promise<number> {
  const { prompts, vocabulary, concurrency = 4, mask, onProgress } = questioning;
  for (const prompt of prompts) test.excludePrompt(toTokens(prompt, vocabulary));
  let asked = 0;
  for (let from = 0; from < prompts.length; from += concurrency) {
    const batch = prompts.slice(from, from + concurrency);
    const answers = await Promise.all(batch.map((prompt) => model.complete(prompt)));
    for (const { passage } of answers) {
      const tokens = toTokens(passage, vocabulary);
      test.addAnswer(tokens, mask?.(passage, tokens));
      asked++;
    }
    const logE = test.update();
    onProgress?.(asked, logE);
    if (logE !== null && logE >= enough) break;
  }
  return asked;
}

/** Asks every prompt and adds what followed each context of the answers; returns how many were asked. */
export async function askCounted(
  model: SuspectModel,
  test: OpenTest,
  questioning: Questioning,
): Promise<number> {
  const {
    prompts,
    vocabulary,
    concurrency = 4,
    onProgress,
    prefixTokens = 64,
    maxContexts = 20_000,
  } = questioning;
  const tally = new AnswerTally(test.contextWidth, prefixTokens);
  let asked = 0;
  for (let from = 0; from < prompts.length; from += concurrency) {
    const batch = prompts.slice(from, from + concurrency);
    const answers = await Promise.all(batch.map((prompt) => model.complete(prompt)));
    for (const [i, { passage }] of answers.entries()) {
      const prompt = toTokens(batch[i]!, vocabulary);
      if (questioning.supervised) test.excludePrompt(prompt);
      tally.add(prompt, toTokens(passage, vocabulary));
    }
    asked += batch.length;
    onProgress?.(asked, null);
  }
  for (const tallied of tally.list(maxContexts)) {
    const references = await Promise.all(
      tallied.prefixes.map((prefix) => readReference(prefix, questioning)),
    );
    addTallied(test, tallied, averageMass(references));
  }
  return asked;
}

/** Asks for probabilities, or until logE reaches `enough`; returns how many questions were asked. */
export async function askOpen(
  model: SuspectModel,
  test: OpenTest,
  questioning: Questioning,
  enough: number,
): Promise<number> {
  return (questioning.contexts ?? 'passages') === 'answers'
    ? askAnswers(model, test, questioning, enough)
    : askPassages(model, test, questioning, enough);
}

async function askAnswers(
  model: SuspectModel,
  test: OpenTest,
  questioning: Questioning,
  enough: number,
): Promise<number> {
  const { prompts, vocabulary, onProgress, maxContexts = 20_000 } = questioning;
  if (questioning.supervised) for (const prompt of prompts) test.excludePrompt(toTokens(prompt, vocabulary));
  let asked = 0;
  let contexts = 0;
  for (const prompt of prompts) {
    if (contexts >= maxContexts) break;
    const { passage, steps } = await model.complete(prompt);
    asked++;
    if (steps === undefined)
      return refuse('MARK_SUSPECT', `${model.id} tells no probabilities`, 'Test it closed.');
    for (const { before, prediction } of locateSteps(passage, steps, vocabulary)) {
      if (before.length < test.contextWidth || contexts >= maxContexts) continue;
      const context = before.slice(before.length - test.contextWidth);
      if (!test.claim(context)) continue;
      contexts++;
      test.add(
        context,
        toTokenMass(prediction, vocabulary ?? null),
        await readReference(before, questioning),
      );
    }
    const logE = test.update();
    onProgress?.(asked, logE);
    if (logE !== null && logE >= enough) break;
  }
  return asked;
}

async function askPassages(
  model: SuspectModel,
  test: OpenTest,
  questioning: Questioning,
  enough: number,
): Promise<number> {
  const {
    prompts,
    vocabulary,
    onProgress,
    concurrency = 4,
    maxContexts = 20_000,
    prefixTokens = 64,
  } = questioning;
  const ask =
    model.logProbabilities?.bind(model) ?? ((context: Passage) => readNext(model, context, vocabulary));
  let asked = 0;
  for (const prompt of prompts) {
    if (asked >= maxContexts) break;
    const tokens = toTokens(prompt, vocabulary);
    const places: number[] = [];
    for (let at = test.contextWidth; at <= tokens.length && asked + places.length < maxContexts; at++)
      if (test.claim(tokens.slice(at - test.contextWidth, at))) places.push(at);
    for (let from = 0; from < places.length; from += concurrency) {
      const batch = places.slice(from, from + concurrency).map((at) => ({
        context: tokens.slice(at - test.contextWidth, at),
        before: tokens.slice(Math.max(0, at - Math.max(prefixTokens, test.contextWidth)), at),
      }));
      const told = await Promise.all(
        batch.map(({ before }) =>
          Promise.all([
            ask(toPassage(before, typeof prompt === 'string' ? vocabulary : undefined)),
            readReference(before, questioning),
          ]),
        ),
      );
      for (const [i, [prediction, reference]] of told.entries())
        test.add(batch[i]!.context, toTokenMass(prediction, vocabulary ?? null), reference);
      asked += batch.length;
    }
    const logE = test.update();
    onProgress?.(asked, logE);
    if (logE !== null && logE >= enough) break;
  }
  return asked;
}

/**
 * What a model that tells no probabilities says next: the first token of its answer, as a distribution on that token alone. At temperature 0
 * this is "reading mode"; at 1 a sample of one.
 */
async function readNext(
  model: SuspectModel,
  context: Passage,
  vocabulary: Vocabulary | undefined,
): Promise<Prediction> {
  const { passage } = await model.complete(context);
  const first = toTokens(passage, vocabulary).slice(0, 1);
  return { candidates: first, logProbabilities: new Float64Array(first.length) };
}

async function readReference(before: Int32Array, questioning: Questioning): Promise<TokenMass | null> {
  const { reference, vocabulary, prompts, prefixTokens = 64 } = questioning;
  if (reference?.logProbabilities === undefined) return null;
  const text = typeof prompts[0] === 'string' ? vocabulary : undefined;
  const cut = before.slice(Math.max(0, before.length - prefixTokens));
  return toTokenMass(await reference.logProbabilities(toPassage(cut, text)), vocabulary ?? null);
}

/** Mean of what a reference told after several prefixes; null when it told nothing. */
function averageMass(masses: readonly (TokenMass | null)[]): TokenMass | null {
  const told = masses.filter((mass) => mass !== null);
  if (told.length === 0) return null;
  const mean = new Map<number, number>();
  for (const mass of told)
    for (const [token, p] of mass) mean.set(token, (mean.get(token) ?? 0) + p / told.length);
  return mean;
}

function locateSteps(
  passage: Passage,
  steps: readonly { readonly text: string | null; readonly prediction: Prediction }[],
  vocabulary: Vocabulary | undefined,
) {
  if (typeof passage !== 'string')
    return steps
      .slice(0, passage.length)
      .map(({ prediction }, at) => ({ before: passage.subarray(0, at), prediction }));
  return alignSteps(steps, needVocabulary(vocabulary));
}

function toTokens(passage: Passage, vocabulary: Vocabulary | undefined): Int32Array {
  return typeof passage === 'string' ? needVocabulary(vocabulary).encode(passage) : passage;
}

function toPassage(tokens: Int32Array, vocabulary: Vocabulary | undefined): Passage {
  return vocabulary === undefined ? tokens : vocabulary.decode(tokens);
}

function needVocabulary(vocabulary: Vocabulary | undefined): Vocabulary {
  return (
    vocabulary ?? refuse('MARK_ARGUMENT', 'text needs the vocabulary of the mark', 'Give its tokenizer.')
  );
}
