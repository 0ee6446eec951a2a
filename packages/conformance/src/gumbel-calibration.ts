import { boundProportionBelow, clopperPearson, Random } from '@phalanx/stats';
import {
  collectNgrams,
  type Mark,
  type Ngrams,
  openTextSeal,
  openTextSealDual,
  openTextSealGreenlist,
  openVllmDualGumbel,
  openVllmGumbel,
  openVllmGumbelHmac,
  openVllmRedGreen,
  openVllmSbw,
  testMark,
} from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';

/** A way of opening marks whose null is measured over random keys of 63 bits. */
interface Calibrated {
  readonly name: string;
  readonly keys: number;
  /** Keys 0, 1, 2 ... as people choose them, instead of random ones. */
  readonly small?: boolean;
  /** Most n-grams of a text that are read; slow functions read fewer. */
  readonly rows: number;
  readonly open: (key: bigint) => Mark;
}

const ALPHAS = [1e-2, 1e-3];
/** Chance that one of the checks fails though the test is exact, all checks together at most 1e-4 or so. */
const BOUND = 2e-6;

const DIALECTS: readonly Calibrated[] = [
  { name: 'vllm-gumbel', keys: 1000, rows: 10_000, open: (key) => openVllmGumbel({ contextWidth: 4 }, key) },
  {
    name: 'vllm-gumbel-hmac',
    keys: 500,
    rows: 300,
    open: (key) => openVllmGumbelHmac({ contextWidth: 4 }, key),
  },
  {
    name: 'vllm-dual-gumbel',
    keys: 500,
    rows: 10_000,
    open: (key) => openVllmDualGumbel({ contextWidth: 4, alpha: 0.1 }, key),
  },
  {
    name: 'vllm-red-green',
    keys: 1000,
    rows: 10_000,
    open: (key) => openVllmRedGreen({ contextWidth: 4, gamma: 0.25, delta: 2 }, key),
  },
  {
    name: 'vllm-sbw selfhash',
    keys: 500,
    rows: 10_000,
    open: (key) => openVllmSbw({ scheme: 'selfhash', contextWidth: 4, gamma: 0.5, delta: 2 }, key),
  },
  {
    name: 'vllm-sbw lefthash',
    keys: 500,
    rows: 10_000,
    open: (key) => openVllmSbw({ scheme: 'lefthash', contextWidth: 1, gamma: 0.5, delta: 2 }, key),
  },
  { name: 'textseal', keys: 500, rows: 10_000, open: (key) => openTextSeal({ contextWidth: 2 }, key) },
  {
    name: 'textseal, small keys',
    keys: 500,
    small: true,
    rows: 10_000,
    open: (key) => openTextSeal({ contextWidth: 2 }, key),
  },
  {
    name: 'textseal dual',
    keys: 500,
    rows: 10_000,
    open: (key) => openTextSealDual({ contextWidth: 2, alpha: 0.5 }, key),
  },
  {
    name: 'textseal greenlist',
    keys: 500,
    rows: 10_000,
    open: (key) => openTextSealGreenlist({ contextWidth: 2, gamma: 0.5, delta: 2 }, key),
  },
];

/** Keys of 63 bits: what every dialect of the family takes. */
export function drawKeys(count: number, random: Random): bigint[] {
  const word = () => BigInt(Math.floor(random.uniform() * 2 ** 21));
  return Array.from({ length: count }, () => (word() << 42n) | (word() << 21n) | word());
}

/** How many keys give a p-value of at most each alpha on a text; p as the package computes it. */
export function countAlarms(
  ngrams: Ngrams,
  keys: readonly bigint[],
  open: (key: bigint) => Mark,
  distinct = true,
): number[] {
  const alarms = ALPHAS.map(() => 0);
  for (const key of keys) {
    const mark = open(key);
    const counted = distinct ? (mark.distinct?.(ngrams) ?? ngrams) : ngrams;
    const { logP } = testMark(mark.pivot, mark.read(counted), { secondShare: mark.secondShare ?? 0.5 });
    ALPHAS.forEach((alpha, i) => {
      if (logP <= Math.log(alpha)) alarms[i]!++;
    });
  }
  return alarms;
}

/** Every dialect of the family on every text: alarms at 1e-2 and 1e-3 with 95 % intervals, and a check that allows for chance. */
export function calibrateGumbelFamily(checks: Checks, texts: readonly AwkwardText[]): void {
  const random = new Random(20261122);
  for (const { name, keys: count, small, rows, open } of DIALECTS) {
    const keys = small ? Array.from({ length: count }, (_, key) => BigInt(key)) : drawKeys(count, random);
    const totals = ALPHAS.map(() => 0);
    const lines: string[] = [];
    for (const text of texts) {
      const ngrams = collectNgrams([text.tokens.subarray(0, rows)], open(0n));
      const alarms = countAlarms(ngrams, keys, open);
      alarms.forEach((n, i) => {
        totals[i]! += n;
        const what = `${name}, ${text.name}: p <= ${ALPHAS[i]} for no more keys than chance allows`;
        checks.check(what, boundProportionBelow(n, count, BOUND) <= ALPHAS[i]!, () => `${n} of ${count}`);
      });
      lines.push(`${text.name} (${ngrams.count}) ${alarms.join(', ')}`);
    }
    checks.note(
      `${name}, ${count} ${small ? 'keys from 0' : 'random keys'}, alarms at 1e-2, 1e-3: ${lines.join('; ')}`,
    );
    const tried = count * texts.length;
    const rates = totals.map((n, i) => {
      const { lower, upper } = clopperPearson(n, tried, 0.05);
      const figures = [n / tried, lower, upper].map((figure) => figure.toExponential(2));
      return `${figures[0]} [${figures[1]}, ${figures[2]}] at ${ALPHAS[i]}`;
    });
    checks.note(`  over all texts: ${rates.join('; ')}`);
  }
}
