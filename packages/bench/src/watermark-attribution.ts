import { parseArgs } from 'node:util';
import { Random, toLog10 } from '@phalanx/stats';
import {
  type Attribution,
  attributeKeys,
  collectNgrams,
  judgeKeys,
  type Ngrams,
  openVllmGumbel,
  sumPhiloxScores,
  testVllmGumbelRing,
} from '@phalanx/watermark';
import { badArgument } from './hydrabench/split.js';
import { SyntheticModel } from './synthetic-model.js';

const PARAMETERS = { contextWidth: 4 };

/**
 * Whose key among many, one thread, vLLM's dialect: a short text before a million keys, and a corpus before a thousand, a
 * tenth of it marked. Beside each the keyed function alone, which is the limit, and marks opened one by one, which
 * any dialect can do.
 */
export async function benchWatermarkAttribution(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      keys: { type: 'string', default: '1000000' },
      ngrams: { type: 'string', default: '200' },
      tokens: { type: 'string', default: '1000000' },
      ring: { type: 'string', default: '1000' },
    },
  });
  const [keys, short, tokens, ring] = [values.keys, values.ngrams, values.tokens, values.ring].map(Number);
  if (![keys, short, tokens, ring].every((n) => Number.isSafeInteger(n) && n! >= 10))
    throw badArgument('--keys, --ngrams, --tokens and --ring are integers of at least 10');
  const random = new Random(2026);
  const model = new SyntheticModel(1, random);
  const makeKeys = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `account-${i}`,
      key: (BigInt(random.uint32()) << 32n) | BigInt(random.uint32()),
    }));

  const many = makeKeys(keys!);
  const owner = many[Math.floor(keys! / 3)]!;
  const text = model.write(short!, openVllmGumbel(PARAMETERS, owner.key));
  compare(`${short} tokens marked by ${owner.id}, ${keys} keys`, collect([text]), many);

  const few = makeKeys(ring!);
  const leaker = few[Math.floor(ring! / 3)]!;
  const marked = model.write(Math.floor(tokens! / 10), openVllmGumbel(PARAMETERS, leaker.key));
  const rest = model.write(tokens! - marked.length, null);
  compare(`${tokens} tokens, a tenth marked by ${leaker.id}, ${ring} keys`, collect([rest, marked]), few);
}

const collect = (texts: readonly Int32Array[]) => collectNgrams(texts, openVllmGumbel(PARAMETERS, 0n));

function compare(what: string, ngrams: Ngrams, keys: readonly { id: string; key: bigint }[]): void {
  console.log(`${what}; ${ngrams.count} n-grams`);
  const pairs = ngrams.count * keys.length;
  const all = keys.map(({ key }) => key);
  time('keyed function and sums alone', pairs, () => {
    for (let from = 0; from < all.length; from += 4096) sumPhiloxScores(ngrams, all.slice(from, from + 4096));
  });
  tell(
    time('ring in the kernel, Holm', pairs, () => judgeKeys(testVllmGumbelRing(ngrams, keys), ngrams.count)),
  );
  tell(
    time('ring in the kernel, e-BH', pairs, () =>
      judgeKeys(testVllmGumbelRing(ngrams, keys), ngrams.count, { method: 'e-bh' }),
    ),
  );
  const opened = keys.map(({ id, key }) => ({ id, open: () => openVllmGumbel(PARAMETERS, key) }));
  tell(time('marks one by one, Holm', pairs, () => attributeKeys(ngrams, opened)));
  const screen = { share: 0.25, level: 0.2 };
  tell(
    time('marks one by one, a quarter first at 0.2', pairs, () => attributeKeys(ngrams, opened, { screen })),
  );
}

function time<T>(what: string, pairs: number, run: () => T): T {
  const [start, wall] = [process.cpuUsage(), performance.now()];
  const result = run();
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const walled = ((performance.now() - wall) / 1000).toFixed(1);
  console.log(
    `  ${what}: ${seconds.toFixed(1)} s of CPU (${walled} s by the clock), ${(pairs / seconds / 1e6).toFixed(1)} M n-grams times keys a second`,
  );
  return result;
}

function tell({ verdicts, tried, logGap }: Attribution): void {
  const named = verdicts.filter((verdict) => verdict.named).map(({ id }) => id);
  const [winner, second] = verdicts;
  console.log(
    `    named ${named.join(', ') || 'nobody'} of ${tried}; log10 p ${toLog10(winner!.logP).toFixed(1)}, corrected ${toLog10(winner!.logAdjustedP).toFixed(1)}, next ${toLog10(second!.logP).toFixed(1)}, gap ${toLog10(logGap).toFixed(1)}`,
  );
}
