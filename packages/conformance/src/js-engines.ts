import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { DrawnToken, Sampler } from '@phalanx/watermark';
import type { BigramModel } from './bigram-model.js';
import { writeLlamaFile } from './llama-file.js';
import { writeOnnxFolder } from './onnx-file.js';

/** An engine that runs the model, and our adapter for it. */
export interface JsEngine {
  readonly name: string;
  /** Largest difference between the engine's probabilities after a prompt and the table's. */
  compareTable(prompt: readonly number[]): Promise<number>;
  generate(prompt: readonly number[], sampler: Sampler, tokens: number): Promise<DrawnToken[]>;
  close(): Promise<void>;
}

const PACKAGES = {
  '@huggingface/transformers': '4.3.1',
  'node-llama-cpp': '3.22.1',
  '@node-llama-cpp/linux-x64': '3.22.1',
};
const INSTALL_MS = 300_000;

/**
 * Installs both engines and a copy of our built packages beside them, as a user has them, into `home`. Without scripts: those of
 * onnxruntime-node fetch GPU libraries, and the library for a CPU lies in the package. `sharp`, which reads images, is
 * replaced by an empty package. A text says why they cannot be had.
 */
export async function installEngines(home: string, root: string): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'engines are tried on Linux x64 only';
  const noImages = join(home, 'no-images');
  mkdirSync(noImages, { recursive: true });
  writeFileSync(join(noImages, 'package.json'), '{"name":"sharp","version":"0.35.4","main":"index.js"}');
  writeFileSync(join(noImages, 'index.js'), 'module.exports = () => { throw new Error("no images"); };\n');
  const manifest = {
    private: true,
    type: 'module',
    dependencies: PACKAGES,
    overrides: { sharp: 'file:./no-images' },
  };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--silent'];
  try {
    await promisify(execFile)('npm', ['install', ...flags], { cwd: home, timeout: INSTALL_MS });
  } catch (error) {
    return `no ${Object.keys(PACKAGES).join(' and ')}: ${String((error as Error).message)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
  const modules = join(home, 'node_modules');
  for (const name of ['core', 'stats', 'watermark'])
    for (const part of ['dist', 'package.json'])
      cpSync(join(root, 'packages', name, part), join(modules, '@phalanx', name, part), { recursive: true });
  for (const name of ['zod', 'kitoken']) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  return null;
}

/** transformers.js with our logits processor. */
export async function openTransformersJs(home: string, model: BigramModel): Promise<JsEngine> {
  writeOnnxFolder(model, join(home, 'models', 'bigram'));
  const engine = await load(home, '@huggingface/transformers/dist/transformers.node.mjs');
  const { MarkLogitsProcessor } = await load(home, '@phalanx/watermark/dist/adapters/transformers-js.js');
  engine.env.allowRemoteModels = false;
  engine.env.localModelPath = join(home, 'models');
  const network = await engine.AutoModelForCausalLM.from_pretrained('bigram', {
    dtype: 'fp32',
    device: 'cpu',
    session_options: { intraOpNumThreads: 1 },
  });
  const inputsOf = (prompt: readonly number[]) => {
    const shape = [1, prompt.length];
    return {
      input_ids: new engine.Tensor('int64', BigInt64Array.from(prompt, BigInt), shape),
      attention_mask: new engine.Tensor('int64', new BigInt64Array(prompt.length).fill(1n), shape),
    };
  };
  return {
    name: 'transformers.js',
    async compareTable(prompt) {
      const { logits } = await network(inputsOf(prompt));
      const row = (logits.data as Float32Array).slice(-model.size);
      return largestDifference(model, prompt.at(-1)!, [...row].map(Math.exp));
    },
    async generate(prompt, sampler, tokens) {
      const processor = new MarkLogitsProcessor(sampler);
      const list = new engine.LogitsProcessorList();
      list.push(processor);
      const options = { max_new_tokens: tokens, do_sample: false, logits_processor: list };
      const output = await network.generate({ ...inputsOf(prompt), ...options });
      const answer: DrawnToken[] = processor.answers[0];
      const ids = Array.from(output.data as BigInt64Array, Number).slice(prompt.length);
      if (ids.join() !== answer.map(({ token }) => token).join())
        throw new Error('transformers.js did not take the tokens that were drawn');
      return answer;
    },
    close: () => network.dispose(),
  };
}

/** node-llama-cpp with our generator. */
export async function openNodeLlamaCpp(home: string, model: BigramModel): Promise<JsEngine> {
  const file = join(home, 'bigram.gguf');
  writeFileSync(file, writeLlamaFile(model));
  const { getLlama } = await load(home, 'node-llama-cpp/dist/index.js');
  const { generateMarked } = await load(home, '@phalanx/watermark/dist/adapters/node-llama-cpp.js');
  const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
  const network = await llama.loadModel({ modelPath: file });
  const context = await network.createContext({ contextSize: 1024, sequences: 1, threads: 1 });
  const sequence = context.getSequence();
  return {
    name: 'node-llama-cpp',
    async compareTable(prompt) {
      await sequence.clearHistory();
      const options = { temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true };
      const steps = sequence.evaluateWithMetadata([...prompt], { probabilities: true }, options);
      const { value } = await steps.next();
      await steps.return();
      const found = Array.from({ length: model.size }, (_, token) => value.probabilities.get(token) ?? 0);
      return largestDifference(model, prompt.at(-1)!, found);
    },
    async generate(prompt, sampler, tokens) {
      await sequence.clearHistory();
      const answer: DrawnToken[] = [];
      for await (const drawn of generateMarked(sequence, prompt, sampler, { maxTokens: tokens, topK: 0 }))
        answer.push(drawn);
      return answer;
    },
    close: () => llama.dispose(),
  };
}

function largestDifference({ size, table }: BigramModel, last: number, found: readonly number[]): number {
  const row = table.subarray(last * size, (last + 1) * size);
  const total = row.reduce((sum, logP) => sum + Math.exp(logP), 0);
  const sum = found.reduce((a, b) => a + b, 0);
  return Math.max(...found.map((p, token) => Math.abs(p / sum - Math.exp(row[token]!) / total)));
}

// biome-ignore lint/suspicious/noExplicitAny: packages that are not installed when this is compiled
async function load(home: string, path: string): Promise<any> {
  return import(pathToFileURL(join(home, 'node_modules', path)).href);
}
