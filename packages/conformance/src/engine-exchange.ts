import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Random, toLog10 } from '@phalanx/stats';
import {
  collectNgrams,
  drawCandidate,
  hashSglangContext,
  openMark,
  SglangHash,
  testKey,
  truncateLogits,
} from '@phalanx/watermark';
import type { BigramModel } from './bigram-model.js';
import type { Checks } from './checks.js';
import { FOUND, listCases, PROMPT, profileOf, SEED, SILENT, TOKENS } from './engine-cases.js';
import { ENGINE_JUDGE_PACKAGES, openEngineJudge } from './engine-judge.js';
import type { PythonSetup } from './python.js';

/** Other programs read our texts, and we read theirs. */
export async function judgeTexts(
  checks: Checks,
  setup: PythonSetup,
  home: string,
  model: BigramModel,
  texts: Map<string, Int32Array[]>,
): Promise<void> {
  const python = await setup.open(ENGINE_JUDGE_PACKAGES);
  if (typeof python === 'string') return checks.skip(python);
  const table = join(home, 'table.f32');
  await writeFile(table, new Uint8Array(model.table.buffer));
  const judge = await openEngineJudge(python, table, model.size);
  try {
    for (const reason of judge.missing.values()) checks.skip(reason);
    const questions: object[] = [];
    const readers: ((answer: unknown) => void)[] = [];
    const unmarked = drawUnmarked(model);
    const last = model.tokenizer.encode(PROMPT).at(-1)!;
    const put = (question: object, reader: (answer: unknown) => void) => {
      questions.push(question);
      readers.push(reader);
    };
    for (const one of listCases(model)) {
      const theirs = JUDGES[one.dialect];
      if (theirs === undefined || judge.missing.has(theirs.program)) continue;
      const ours = texts.get(one.dialect)!;
      const question = theirs.question(one.key);
      const all = [...ours, unmarked].map((text) => [...text]);
      put({ ...question, ask: `${theirs.program}_detect`, texts: all }, (answer) => {
        (answer as number[][]).forEach((found, i) => {
          const isMarked = i < ours.length;
          const name = `${theirs.program} on ${isMarked ? `text ${i + 1} of ${one.dialect}` : 'an unmarked text'}`;
          checks.check(name, theirs.isFound(found) === isMarked, () => found.join());
          checks.note(`${name}: ${theirs.says(found)}`);
        });
      });
      if (!theirs.generates) continue;
      put({ ...question, ask: `${theirs.program}_generate`, tokens: TOKENS, last }, (answer) => {
        const { dialect, parameters } = profileOf(one, model);
        const read = (key: string) => {
          const mark = openMark(dialect, parameters, key);
          return testKey(mark, collectNgrams([Int32Array.from(answer as number[])], mark));
        };
        const found = read(one.key);
        const other = read(one.otherKey);
        checks.check(
          `text of ${theirs.program}: is detected`,
          found.logP < FOUND,
          () => `${toLog10(found.logP)}`,
        );
        checks.check(
          `text of ${theirs.program}: another key`,
          other.logP > SILENT,
          () => `${toLog10(other.logP)}`,
        );
        checks.note(
          `text of ${theirs.program}: log10 p ${toLog10(found.logP).toFixed(1)}, another key ${toLog10(other.logP).toFixed(1)}`,
        );
      });
    }
    if (!judge.missing.has('sglang')) {
      const [key, keyB] = [0x0123456789abcdefn, 42n];
      const rows = Array.from({ length: 500 }, (_, i) => [[i, i * 7, i * 101, 3 * i], i * 31]);
      put({ ask: 'sglang_hashes', key: key.toString(16), keyB: keyB.toString(16), rows }, (answer) => {
        const [a, b] = [new SglangHash(key), new SglangHash(keyB)];
        const expected = (rows as [number[], number][]).map(([context, token]) => {
          const hash = hashSglangContext(Int32Array.from(context), 0, context.length);
          return [hash, a.read(hash, token), b.read(hash, token), a.tossCoin(b, hash)];
        });
        (answer as number[][]).forEach((found, i) => {
          checks.equal(`sglang: hashes of row ${i}`, expected[i]!.join(), found.join());
        });
      });
    }
    const answers = await judge.ask(questions);
    answers.forEach((answer, i) => {
      readers[i]!(answer);
    });
  } finally {
    await judge.close();
  }
}

/** A program that reads a dialect, and how it says so. */
interface Judge {
  readonly program: 'vllm' | 'hf' | 'sglang';
  readonly generates: boolean;
  question(key: string): object;
  isFound(answer: readonly number[]): boolean;
  says(answer: readonly number[]): string;
}

const JUDGES: Readonly<Record<string, Judge>> = {
  'vllm-gumbel': {
    program: 'vllm',
    generates: true,
    question: (key) => ({ key: BigInt(key).toString(), contextWidth: 4 }),
    isFound: ([, p]) => p! < 1e-9,
    says: ([score, p, scored]) => `score ${score!.toFixed(1)}, p ${p!.toExponential(1)}, ${scored} scored`,
  },
  'hf-kgw': {
    program: 'hf',
    generates: true,
    question: (key) => ({ config: { greenlist_ratio: 0.25, bias: 3, hashing_key: Number(key) } }),
    isFound: ([z]) => z! > 6,
    says: ([z, , scored]) => `z ${z!.toFixed(1)}, ${scored} scored`,
  },
  'sglang-gumbel': {
    program: 'sglang',
    generates: false,
    question: (key) => ({ key, contextWidth: 4 }),
    isFound: ([, logP]) => logP! < FOUND,
    says: ([score, logP, scored]) =>
      `score ${score!.toFixed(1)}, log10 p ${toLog10(logP!).toFixed(1)}, ${scored} scored`,
  },
};

function drawUnmarked({ table, size, tokenizer }: BigramModel): Int32Array {
  const random = new Random(SEED + 1);
  let last = tokenizer.encode(PROMPT).at(-1)!;
  return Int32Array.from({ length: TOKENS }, () => {
    const logits = table.subarray(last * size, (last + 1) * size);
    const candidates = truncateLogits(logits, { temperature: 1, topK: 0, topP: 1 });
    last = drawCandidate(candidates, random.uniform());
    return last;
  });
}
