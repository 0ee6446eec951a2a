import { Random } from '@phalanx/stats';
import {
  AnswerTally,
  addTallied,
  ClosedTest,
  type Mark,
  massOf,
  NgramStudent,
  OpenTest,
} from '@phalanx/watermark';
import { sourceError } from '../error.js';

export interface StudentTrialOptions {
  /** Token ids; half teaches the teacher, a third is what students read besides, the rest prompts and passages. */
  readonly texts: readonly Int32Array[];
  readonly vocabularySize: number;
  /** Tokens that teacher and students look back; at least the mark's context. */
  readonly contextWidth: number;
  /** The mark under a fresh key. */
  readonly openMark: () => Mark;
  readonly seed: number;
  /** That a student is trained on. Default 60,000. */
  readonly trainingTokens?: number;
  /** Of an answer. Default 60. */
  readonly answerTokens?: number;
}

/** What a closed trial gives besides the test. */
export interface ClosedTrial {
  readonly test: ClosedTest;
  /** Answers after which the e-value first was at least 1000; null: never. */
  readonly answersToThousand: number | null;
}

/**
 * Theft by distillation in small, with everything known: a teacher counted on half of the texts, its answers marked and logged, and students counted on
 * mixtures of them with texts of people. All of it follows from the seed, but for the keys, which are drawn.
 */
export class StudentTrial {
  readonly mark: Mark;
  readonly teacher: NgramStudent;
  /** Texts that no model was trained on. */
  readonly passages: readonly Int32Array[];
  readonly #options: StudentTrialOptions;
  readonly #random: Random;
  readonly #human: readonly Int32Array[];
  readonly #tokens: number;
  readonly #answer: number;
  #marked: Int32Array[] | null = null;
  #unmarked: Int32Array[] | null = null;

  /** @throws PhalanxError `TESTING_SOURCE` when the texts are too few for the training */
  constructor(options: StudentTrialOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#tokens = options.trainingTokens ?? 60_000;
    this.#answer = options.answerTokens ?? 60;
    const long = options.texts.filter((text) => text.length > options.contextWidth + 2);
    const texts = this.#random.shuffle([...long]);
    const [half, most] = [Math.floor(texts.length / 2), Math.floor(texts.length * (5 / 6))];
    this.teacher = this.#count(texts.slice(0, half), 'teacher');
    this.#human = texts.slice(half, most);
    this.passages = texts.slice(most);
    this.mark = options.openMark();
    if (sumLengths(this.#human) < this.#tokens)
      throw sourceError(`texts of ${3 * this.#tokens} tokens or more are needed for such a training`);
  }

  /** The teacher's marked answers, as its service logged them. */
  get marked(): readonly Int32Array[] {
    this.#marked ??= this.askTeacher(this.mark, this.#answers);
    return this.#marked;
  }

  /** A student of share `dose` of marked answers, the rest texts of people. */
  train(dose: number): NgramStudent {
    const own = takeTokens(this.marked, this.#tokens * dose);
    return this.#count([...own, ...takeTokens(this.#human, this.#tokens * (1 - dose))], `dose ${dose}`);
  }

  /** A student of the teacher's answers without a mark: as good a copy, and innocent of the key. */
  trainUnmarked(): NgramStudent {
    this.#unmarked ??= this.askTeacher(null, this.#answers);
    return this.#count(this.#unmarked, 'unmarked');
  }

  /** A student of a few texts, which it repeats. */
  trainMemoriser(tokens: number): NgramStudent {
    return this.#count(takeTokens(this.#human, tokens), 'memoriser');
  }

  /** Answers of the teacher to openings of passages. */
  askTeacher(mark: Mark | null, count: number): Int32Array[] {
    return this.drawPrompts(count).map((prompt) =>
      this.teacher.generate(this.#answer, this.#random, mark, prompt),
    );
  }

  /** Openings of passages. */
  drawPrompts(count: number): Int32Array[] {
    const size = this.#options.contextWidth + 2;
    return Array.from({ length: count }, () => this.#drawPassage().slice(0, size));
  }

  /** What the student answers to each prompt. */
  answer(student: NgramStudent, prompts: readonly Int32Array[]): Int32Array[] {
    return prompts.map((prompt) => student.generate(this.#answer, this.#random, null, prompt));
  }

  /** A closed test of answers. */
  testClosed(
    mark: Mark,
    prompts: readonly Int32Array[],
    answers: readonly Int32Array[],
    excludesPrompts = true,
  ): ClosedTrial {
    const test = new ClosedTest(mark);
    if (excludesPrompts) for (const prompt of prompts) test.excludePrompt(prompt);
    let answersToThousand: number | null = null;
    for (const [i, answer] of answers.entries()) {
      test.addAnswer(answer);
      if (i % 10 !== 9 && i + 1 !== answers.length) continue;
      const logE = test.update();
      if (answersToThousand === null && logE !== null && logE >= Math.log(1000)) answersToThousand = i + 1;
    }
    return { test, answersToThousand };
  }

  /** An open test at the contexts that are most frequent in `passages`, the teacher without its mark for reference. */
  testOpen(
    student: NgramStudent,
    mark: Mark,
    passages: readonly Int32Array[],
    maxContexts: number,
  ): OpenTest {
    const test = new OpenTest(mark);
    const counts = new Map<string, { context: Int32Array; count: number }>();
    for (const text of passages)
      for (let at = mark.contextWidth; at < text.length; at++) {
        const context = text.slice(at - mark.contextWidth, at);
        const name = context.join();
        const seen = counts.get(name);
        if (seen !== undefined) seen.count++;
        else if (test.claim(context)) counts.set(name, { context, count: 1 });
        if (seen !== undefined) test.claim(context);
      }
    const frequent = [...counts.values()].sort((a, b) => b.count - a.count).slice(0, maxContexts);
    for (const { context } of frequent)
      test.add(context, massOf(student.predict(context)), massOf(this.teacher.predict(context)));
    return test;
  }

  get #answers(): number {
    return Math.ceil(this.#tokens / this.#answer);
  }

  /** The same by answers to unmarked prompts alone: how often each token followed stands for the student's probabilities. */
  testCounted(
    mark: Mark,
    prompts: readonly Int32Array[],
    answers: readonly Int32Array[],
    maxContexts = 20_000,
  ): OpenTest {
    const test = new OpenTest(mark);
    const tally = new AnswerTally(mark.contextWidth, this.#options.contextWidth);
    for (const [i, answer] of answers.entries()) tally.add(prompts[i]!, answer);
    for (const tallied of tally.list(maxContexts))
      addTallied(test, tallied, massOf(this.teacher.predict(tallied.context)));
    return test;
  }

  #drawPassage(): Int32Array {
    return this.passages[this.#random.integer(this.passages.length)]!;
  }

  #count(texts: readonly Int32Array[], id: string): NgramStudent {
    const { contextWidth, vocabularySize } = this.#options;
    const student = new NgramStudent({ id, contextWidth, vocabularySize, answerTokens: this.#answer });
    for (const text of texts) student.learn(text);
    return student;
  }
}

function takeTokens(texts: readonly Int32Array[], tokens: number): Int32Array[] {
  const taken: Int32Array[] = [];
  let left = Math.round(tokens);
  for (const text of texts) {
    if (left <= 0) break;
    taken.push(text.slice(0, left));
    left -= text.length;
  }
  return taken;
}

function sumLengths(texts: readonly Int32Array[]): number {
  return texts.reduce((sum, { length }) => sum + length, 0);
}
