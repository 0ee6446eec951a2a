import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { continueTokens, Llama, readLlama, type ScoreVocabulary } from '@phalanx/testing';
import { openWeights, type WeightFile } from '@phalanx/weights';
import type { Checks } from './checks.js';
import { writeForTransformers } from './llama-for-transformers.js';
import type { Python } from './python.js';
import { loadModel } from './weight-children.js';

const SCRIPT = 'weight-utility.py';
const CLOSE = 1e-4;

/** What stories260K says at temperature 0, as llama2.c prints it. */
const KNOWN =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.';

/** Greedy text, against what is known. */
export function checkGreedyText(checks: Checks, model: Llama, vocabulary: ScoreVocabulary): void {
  const start = performance.now();
  const tokens = continueTokens(model, vocabulary.encode(''), { length: 256, temperature: 0 });
  const text = vocabulary.decode(tokens);
  checks.check('greedy text', text.startsWith(KNOWN), () => text.slice(0, 200));
  checks.note(
    `${tokens.length} tokens at ${((performance.now() - start) / tokens.length).toFixed(2)} ms: ${text.slice(0, 54)}`,
  );
}

/**
 * Log-probabilities of all tokens against `LlamaForCausalLM`: of the model of llama2.c, written for transformers and read here from
 * either file; and of a model that transformers drew, with odd sizes and an output matrix of its own.
 */
export async function checkAgainstTransformers(
  checks: Checks,
  judge: Python,
  base: WeightFile,
  folder: string,
  sequences: readonly Int32Array[],
): Promise<void> {
  const model = await loadModel(base);
  await writeForTransformers(model, folder);
  const theirs = await score(judge, folder, sequences);
  const heads = Number(base.metadata.get('n_heads'));
  compare(checks, 'llama2.c', new Llama(await readLlama(base)), sequences, theirs);
  await withFolder(folder, async (file) =>
    compare(checks, 'its safetensors', new Llama(await readLlama(file, { heads })), sequences, theirs),
  );
  const drawn = join(folder, 'drawn');
  const sizes = JSON.parse(await judge.run(SCRIPT, ['draw', drawn, '7'])) as Record<string, number>;
  const others = sequences.map((tokens) => tokens.map((token) => token % sizes.vocab_size!));
  const answers = await score(judge, drawn, others);
  await withFolder(drawn, async (file) => {
    const settings = { heads: sizes.num_attention_heads!, epsilon: sizes.rms_norm_eps! };
    compare(checks, 'a drawn model', new Llama(await readLlama(file, settings)), others, answers);
  });
}

/** Tokens of texts against SentencePiece's BPE over the same pieces and scores. */
export async function checkVocabulary(
  checks: Checks,
  judge: Python,
  path: string,
  vocabulary: ScoreVocabulary,
  texts: readonly string[],
): Promise<void> {
  const input = JSON.stringify({ texts });
  const theirs = JSON.parse(await judge.run(SCRIPT, ['encode', path], input)) as number[][];
  let tokens = 0;
  for (const [i, text] of texts.entries()) {
    const ours = vocabulary.encode(text);
    tokens += ours.length;
    checks.check(`tokens of text ${i}`, ours.join() === theirs[i]!.join(), () =>
      JSON.stringify(text.slice(0, 60)),
    );
    checks.check(`text ${i} again`, vocabulary.decode(ours) === text);
  }
  checks.note(`${texts.length} texts, ${tokens} tokens as SentencePiece has them`);
}

async function withFolder(folder: string, use: (file: WeightFile) => Promise<void>): Promise<void> {
  const file = await openWeights(join(folder, 'model.safetensors'));
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function score(
  judge: Python,
  folder: string,
  sequences: readonly Int32Array[],
): Promise<readonly Float32Array[]> {
  const input = JSON.stringify({ tokens: sequences.map((tokens) => [...tokens]) });
  const { file, shapes } = JSON.parse(await judge.run(SCRIPT, ['score', folder], input)) as {
    file: string;
    shapes: [number, number][];
  };
  const bytes = new Uint8Array(readFileSync(file));
  let at = 0;
  return shapes.map(([rows, columns]) => {
    const out = new Float32Array(bytes.buffer, at, rows * columns);
    at += out.byteLength;
    return out;
  });
}

function compare(
  checks: Checks,
  name: string,
  model: Llama,
  sequences: readonly Int32Array[],
  theirs: readonly Float32Array[],
): void {
  let worst = 0;
  let tokens = 0;
  for (const [i, sequence] of sequences.entries()) {
    const next = model.begin();
    for (const [position, token] of sequence.entries()) {
      const ours = next(token);
      tokens++;
      for (let other = 0; other < ours.length; other++)
        worst = Math.max(worst, Math.abs(ours[other]! - theirs[i]![position * ours.length + other]!));
    }
  }
  checks.check(`${name}: log-probabilities of transformers`, worst <= CLOSE, () => String(worst));
  checks.note(
    `${name}: ${tokens} tokens, log-probabilities within ${worst.toExponential(1)} of transformers`,
  );
}
