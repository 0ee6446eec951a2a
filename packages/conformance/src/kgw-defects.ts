import { logBinomialUpperTail, logNormalUpperTail, Random, toLog10 } from '@phalanx/stats';
import {
  collectNgrams,
  GreenLists,
  hfKgwParameters,
  type Mark,
  markllmKgwParameters,
  openHfKgw,
  openMarkllmKgw,
  openUnigram,
  testKey,
  testMark,
  unigramParameters,
} from '@phalanx/watermark';
import type { Checks } from './checks.js';
import type { KgwJudge } from './kgw-judges.js';

/** Which of the judges that come as wheels are there. */
export interface JudgeFiles {
  readonly markllm: boolean;
  readonly old: boolean;
}

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** Formulas of others that are wrong, run where they run, and what this package says in their place. */
export async function checkKgwDefects(checks: Checks, judge: KgwJudge, has: JudgeFiles): Promise<void> {
  checkDiscreteTail(checks);
  checkTruncatedSeeds(checks);
  // At once, so that all ask one Python.
  await Promise.all([
    has.old ? checkPolya(checks, judge) : undefined,
    checkUnderflow(checks, judge),
    checkWindows(checks, judge),
    checkScoreZero(checks, judge),
    checkFirstToken(checks, judge),
    checkRepetition(checks, judge, has.markllm),
  ]);
}

/** `_compute_pval` of 4.57.1: Polya's formula without its square root. */
async function checkPolya(checks: Checks, judge: KgwJudge): Promise<void> {
  const z = [2, 6, 10];
  const [found] = (await judge([{ ask: 'old_p', z }])) as number[][];
  const exact = z.map((value) => Math.exp(logNormalUpperTail(value)));
  checks.check('transformers 4.57.1: p at z = 6 is too small by more than 10', exact[1]! / found![1]! > 10);
  checks.note(
    `transformers 4.57.1, p at z = 2, 6, 10: ${found!.map((p) => p.toPrecision(2)).join(', ')}; normal tail: ${exact.map((p) => p.toPrecision(2)).join(', ')}`,
  );
  const tail = logBinomialUpperTail(20, 20, 0.25);
  checks.check('ours is the binomial tail', Math.abs(tail - 20 * Math.log(0.25)) < 1e-12 * Math.abs(tail));
}

/** 5.23 has the normal tail: of a count it is an approximation, and 0 from z = 38.5 on. */
async function checkUnderflow(checks: Checks, judge: KgwJudge): Promise<void> {
  const [found] = (await judge([{ ask: 'new_p', z: [2, 6, 40] }])) as number[][];
  const ours = testMark({ kind: 'green', gamma: 0.25 }, new Float64Array(2000).fill(1)).logP;
  checks.check('transformers 5.23: p at z = 40 is 0', found![2] === 0);
  checks.check('ours is never 0', Number.isFinite(ours) && ours < -2000);
  checks.note(
    `transformers 5.23, p at z = 2, 6, 40: ${found!.map((p) => p.toPrecision(2)).join(', ')}; ours of 2,000 greens in 2,000: log10 p ${toLog10(ours).toFixed(0)}`,
  );
}

/** The largest z of all windows reported as one. */
async function checkWindows(checks: Checks, judge: KgwJudge): Promise<void> {
  const questions = [
    { ask: 'windows', seed: 9, gamma: 0.25, length: 200, count: 300 },
    { ask: 'windows', seed: 9, gamma: 0.25, length: 600, count: 100 },
  ];
  const found = (await judge(questions)) as number[][];
  for (const [i, { length, count }] of questions.entries()) {
    const z = found[i];
    const share = (level: number) => z!.filter((value) => value > level).length / count;
    checks.check(`WinMax: p < 0.01 on most of ${count} fair texts of ${length} tokens`, share(2.3263) > 0.9);
    const random = new Random(length);
    let ours = 0;
    for (let i = 0; i < 2000; i++) {
      const greens = Float64Array.from({ length }, () => (random.uniform() < 0.25 ? 1 : 0));
      if (testMark({ kind: 'green', gamma: 0.25 }, greens).logP <= Math.log(0.01)) ours++;
    }
    checks.check('ours: p <= 0.01 on at most its share', ours / 2000 < 0.02, () => `${ours} of 2000`);
    checks.note(
      `WinMax of lm-watermarking on ${count} fair texts of ${length} tokens: "p < 0.01" on ${percent(share(2.3263))}, z > 4 on ${percent(share(4))}; ours p <= 0.01 on ${percent(ours / 2000)} of 2,000`,
    );
  }
}

/** z > 4 by the normal tail, on few tokens. */
function checkDiscreteTail(checks: Checks): void {
  const tokens = 20;
  const least = Math.floor(tokens * 0.25 + 4 * Math.sqrt(tokens * 0.25 * 0.75)) + 1;
  const exact = Math.exp(logBinomialUpperTail(least, tokens, 0.25));
  const nominal = Math.exp(logNormalUpperTail(4));
  checks.check('z > 4 at 20 tokens is commoner than its nominal share', exact > 3 * nominal);
  const greens = new Float64Array(tokens).fill(1, 0, least);
  const { logP } = testMark({ kind: 'green', gamma: 0.25 }, greens);
  checks.check('ours says so', Math.abs(Math.exp(logP) / exact - 1) < 1e-9);
  checks.note(
    `z > 4 of 20 tokens: nominal ${nominal.toPrecision(2)}, true ${exact.toPrecision(2)}, ours ${Math.exp(logP).toPrecision(2)}`,
  );
}

/** betainc(0, ...) of three_bricks and radioactive-watermark. */
async function checkScoreZero(checks: Checks, judge: KgwJudge): Promise<void> {
  const [found] = (await judge([{ ask: 'beta', n: 20, gamma: 0.5, greens: [0] }])) as {
    scipy: string;
    p: (number | null)[];
  }[];
  const { logP } = testMark({ kind: 'green', gamma: 0.5 }, new Float64Array(20));
  checks.check('ours: no green token is p = 1', logP === 0);
  checks.check(
    'ours: no token is p = 1',
    testMark({ kind: 'green', gamma: 0.5 }, new Float64Array()).logP === 0,
  );
  checks.note(
    `no green in 20: three_bricks' formula under scipy ${found!.scipy} gives ${found!.p[0] ?? 'NaN'}, ours p = 1`,
  );
}

/** torch keeps 32 bits of a seed, so two keys may be one. */
function checkTruncatedSeeds(checks: Checks): void {
  const parameters = hfKgwParameters.parse({ vocabulary: 4096 });
  const ngrams = collectNgrams(
    [Int32Array.from({ length: 500 }, (_, i) => (i * i) % 4096)],
    openHfKgw(parameters, 5n),
  );
  const values = [5n, 5n + 2n ** 32n, 6n].map((key) => openHfKgw(parameters, key).read(ngrams).join(''));
  checks.check(
    'hf-kgw: keys 5 and 5 + 2^32 are one mark',
    values[0] === values[1] && values[0] !== values[2],
  );
}

/** After token 0, transformers' lefthash has one list for all keys: anybody can write text that every key finds. */
async function checkFirstToken(checks: Checks, judge: KgwJudge): Promise<void> {
  const vocabulary = 1009;
  const lists = new GreenLists({ vocabulary, size: Math.floor(vocabulary / 4) });
  const tokens = Int32Array.from({ length: vocabulary }, (_, i) => i);
  const green = lists.read(new Uint32Array(vocabulary), tokens);
  const forged = [...tokens].filter((i) => i > 0 && green[i] === 1).flatMap((i) => [0, i]);
  const random = new Random(8);
  const keys = Array.from({ length: 200 }, () => 1 + Math.floor(random.uniform() * (2 ** 32 - 1)));
  const config = {
    ...{ vocab_size: vocabulary, greenlist_ratio: 0.25, bias: 2 },
    ...{ seeding_scheme: 'lefthash', context_width: 1 },
  };
  const asked = { text: forged, keys: keys.slice(0, 20).map(String), deduplicate: true };
  const [z] = (await judge([{ ask: 'hf_keys', config, ...asked }])) as number[][];
  let alarms = 0;
  for (const key of keys) {
    const mark = openHfKgw(hfKgwParameters.parse({ vocabulary }), BigInt(key));
    if (testKey(mark, collectNgrams([Int32Array.from(forged)], mark)).logP <= Math.log(0.01)) alarms++;
  }
  const least = Math.min(...z!);
  checks.check('transformers finds text of token 0 and its list under every key', least > 10);
  checks.check('text of token 0 and its list: ours is not taken in', alarms <= 12, () => `${alarms} of 200`);
  checks.note(
    `${forged.length} tokens, each second one 0, written without a key: transformers 5.23, deduplicated, z at least ${least.toFixed(1)} under each of 20 random keys; ours p <= 0.01 under ${alarms} of 200`,
  );
}

/** Repeated n-grams counted each time: z over keys, on a sentence that is said forty times but for one word. */
async function checkRepetition(checks: Checks, judge: KgwJudge, markllm: boolean): Promise<void> {
  const text = Array.from({ length: 40 }, (_, i) => [7, 99, 23, 5, 61, 300 + i, 12, 8, 44, 31]).flat();
  const random = new Random(3);
  const keys = Array.from({ length: 300 }, () => 1 + Math.floor(random.uniform() * (2 ** 32 - 1)));
  const vocabulary = 509;
  const hf = {
    ...{ vocab_size: vocabulary, greenlist_ratio: 0.25, bias: 2 },
    ...{ seeding_scheme: 'lefthash', context_width: 1 },
  };
  const shared = { vocab_size: vocabulary, gamma: 0.5 };
  const kgw = { ...shared, prefix_length: 1, f_scheme: 'time', window_scheme: 'left' };
  const asked = { text, keys: keys.map(String) };
  const compare = async (
    name: string,
    question: Readonly<Record<string, unknown>> & { ask: string },
    open: (key: bigint) => Mark,
  ) => {
    const [z] = (await judge([{ ...question, ...asked }])) as number[][];
    const theirs = z!.filter((value) => value > 3).length / keys.length;
    let alarms = 0;
    for (const key of keys) {
      const mark = open(BigInt(key));
      const ngrams = collectNgrams([Int32Array.from(text)], mark);
      if (testKey(mark, ngrams).logP <= logNormalUpperTail(3)) alarms++;
    }
    checks.check(`${name}: z > 3 on repeated text under many keys`, theirs > 0.02, () => percent(theirs));
    const ours = alarms / keys.length;
    checks.check(`ours beside ${name}: alarms no commoner than they should be`, ours <= 0.02);
    checks.note(
      `a sentence forty times, ${keys.length} random keys: ${name} z > 3 under ${percent(theirs)}, ours at that level (${percent(Math.exp(logNormalUpperTail(3)))}) under ${percent(ours)}`,
    );
  };
  await compare('transformers 5.23 by default', { ask: 'hf_keys', config: hf, deduplicate: false }, (key) =>
    openHfKgw(hfKgwParameters.parse({ vocabulary }), key),
  );
  if (!markllm) return;
  await compare('MarkLLM KGW', { ask: 'markllm_keys', config: kgw }, (key) =>
    openMarkllmKgw(markllmKgwParameters.parse({ vocabulary }), key),
  );
  await compare('MarkLLM Unigram', { ask: 'markllm_keys', config: shared }, (key) =>
    openUnigram(unigramParameters.parse({ vocabulary }), key),
  );
}
