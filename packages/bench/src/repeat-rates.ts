import { parseArgs } from 'node:util';
import { findBoilerplate, NearRepeatIndex, TASK_INTENTS } from '@phalanx/detect';
import { createSketcher, type Sketcher } from '@phalanx/sketch';
import { loadPromptFolder, type PromptSource } from '@phalanx/testing';
import { badArgument } from './hydrabench/split.js';

const PROMPTS = 9_000;
const WINDOWS = [500, 3_000];

/**
 * `repeats --prompts FOLDER`: how often the prompts of each `.jsonl` file of a folder repeat one another by the rule of
 * docs/decisions/0008, in the file's order: of the first 9,000 prompts the share that repeats one of the 500 and of the
 * 3,000 before it, the second as a rate a pair, and how many set a task in words. What the demand null asks of honest customers can be held against one's own.
 */
export async function benchRepeatRates(args: readonly string[]): Promise<void> {
  const { prompts } = parseArgs({ args: [...args], options: { prompts: { type: 'string' } } }).values;
  if (prompts === undefined) throw badArgument('repeats needs --prompts FOLDER');
  const sketcher = createSketcher(new Uint8Array(32).fill(1));
  console.log(
    'source, prompts, % that repeat one of the last 500, one of the last 3,000, x 1e-5 a pair, % that set a task',
  );
  for (const source of loadPromptFolder(prompts)) {
    const { rows, shares, rate, tasks } = measureRepeats(source, sketcher);
    const percents = shares.map((share) => (100 * share).toFixed(2).padStart(6));
    console.log(
      `${source.name.padEnd(26)} ${String(rows).padStart(5)} ${percents.join(' ')} ${(1e5 * rate).toFixed(2).padStart(7)} ${(100 * tasks).toFixed(0).padStart(4)}`,
    );
  }
}

function measureRepeats(source: PromptSource, sketcher: Sketcher) {
  const texts = source.texts.slice(0, PROMPTS);
  const sketches = texts.map((text) => sketcher.sketchPrompt(text));
  const columns = {
    promptHash: BigUint64Array.from(sketches, ({ hash }) => hash),
    topics: Uint8Array.from(sketches.flatMap(({ topics }) => [...topics])),
  };
  const index = new NearRepeatIndex(WINDOWS.at(-1)!, findBoilerplate(columns, [...texts.keys()]));
  const repeats = WINDOWS.map(() => 0);
  let rows = 0;
  let pairs = 0;
  for (const row of texts.keys()) {
    const earlier = index.size;
    const ago = index.add(columns, row);
    if (ago === null) continue;
    rows++;
    pairs += earlier;
    for (const [w, window] of WINDOWS.entries()) if (ago > 0 && ago <= window) repeats[w]!++;
  }
  return {
    rows,
    shares: repeats.map((n) => n / Math.max(1, rows)),
    rate: repeats.at(-1)! / Math.max(1, pairs),
    tasks: sketches.filter(({ intents }) => (intents & TASK_INTENTS) !== 0).length / texts.length,
  };
}
