import { Random } from '@phalanx/stats';
import type { Mark } from '../mark.js';
import { NgramStudent } from './ngram-student.js';

/** A made-up language: after each word some 25 others, by Zipf's law, and 24 fixed phrases that stand in every fifth text. */
export class StudentWorld {
  readonly vocabularySize = 400;
  readonly random: Random;
  readonly #successors: Int32Array[];
  readonly #phrases: Int32Array[];

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#successors = Array.from({ length: this.vocabularySize }, () =>
      Int32Array.from({ length: 25 }, () => this.#drawZipf(this.vocabularySize)),
    );
    this.#phrases = Array.from({ length: 24 }, () => this.#writePlain(20));
  }

  writeText(length: number): Int32Array {
    if (!this.random.bernoulli(0.2)) return this.#writePlain(length);
    const phrase = this.#phrases[this.random.integer(this.#phrases.length)]!;
    const text = this.#writePlain(Math.max(length, phrase.length));
    text.set(phrase);
    return text;
  }

  writeTexts(tokens: number, length = 50): Int32Array[] {
    return Array.from({ length: Math.ceil(tokens / length) }, () => this.writeText(length));
  }

  /** Answers of a model to openings of texts, as a service logs them. */
  askModel(model: NgramStudent, tokens: number, mark: Mark | null, length = 50): Int32Array[] {
    return Array.from({ length: Math.ceil(tokens / length) }, () =>
      model.generate(length, this.random, mark, this.writeText(4)),
    );
  }

  trainStudent(texts: readonly Int32Array[], contextWidth: number, id = 'student'): NgramStudent {
    const student = new NgramStudent({
      id,
      contextWidth,
      vocabularySize: this.vocabularySize,
      answerTokens: 50,
      seed: 1 + this.random.integer(1e9),
    });
    for (const text of texts) student.learn(text);
    return student;
  }

  /** Of `tokens` tokens, share `dose` from `marked` and the rest from `clean`. */
  mix(marked: readonly Int32Array[], clean: readonly Int32Array[], dose: number): Int32Array[] {
    const count = Math.round(marked.length * dose);
    return [...marked.slice(0, count), ...clean.slice(0, marked.length - count)];
  }

  #writePlain(length: number): Int32Array {
    const text = new Int32Array(length);
    let last = this.random.integer(this.vocabularySize);
    for (let i = 0; i < length; i++) text[i] = last = this.#successors[last]![this.#drawZipf(25)]!;
    return text;
  }

  #drawZipf(size: number): number {
    return Math.min(size - 1, Math.floor(size ** this.random.uniform()) - 1);
  }
}
