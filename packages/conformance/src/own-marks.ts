import { boundProportionBelow, clopperPearson, Random } from '@phalanx/stats';
import {
  collectNgrams,
  type Mark,
  type MultibitMark,
  makeSampler,
  type Ngrams,
  openMark,
  type Sampling,
  testKey,
} from '@phalanx/watermark';
import type { AwkwardText } from './awkward-texts.js';
import type { Checks } from './checks.js';

const ALPHAS = [1e-2, 1e-3];
/** Chance that one check fails though its test is exact. */
const BOUND = 2e-6;
const KEYS = 1000;
const PAYLOADS = 1000;
/** N-grams of a text; payloads cost sixteen values each. */
const ROWS = 5000;
const PAYLOAD_ROWS = 1000;

/** P-values of one key on n-grams, one a name. */
interface Statistics {
  readonly names: readonly string[];
  readonly rows: number;
  readonly contextWidth: number;
  readonly unit: 'context' | 'ngram';
  test(key: string, ngrams: Ngrams, random: Random): readonly number[];
}

const ofMark = (name: string, dialect: string, parameters: object): Statistics => {
  const { contextWidth, unit } = openMark(dialect, parameters, '00'.repeat(16));
  const test = (key: string, ngrams: Ngrams) => [testKey(openMark(dialect, parameters, key), ngrams).logP];
  return { names: [name], rows: ROWS, contextWidth, unit, test };
};

const ofPayload: Statistics = {
  names: ['a payload that was named', 'any payload', 'one bit', `the best of ${PAYLOADS} payloads`].map(
    (what) => `phalanx-multibit, ${what}`,
  ),
  rows: PAYLOAD_ROWS,
  contextWidth: 4,
  unit: 'context',
  test(key, ngrams, random) {
    const mark = openMark('phalanx-multibit', { bits: 32 }, key) as MultibitMark;
    const scores = mark.readPayload(ngrams);
    const reading = scores.read();
    const payloads = BigUint64Array.from({ length: PAYLOADS }, () => BigInt(random.uint32()));
    const best = scores.findPayload(payloads)!;
    return [scores.testPayload(0x12345678n), reading.logP, reading.bitLogP[13]!, best.logP];
  },
};

const STATISTICS: readonly Statistics[] = [
  ofMark('phalanx-gumbel', 'phalanx-gumbel', {}),
  ofMark('phalanx-gumbel, two streams', 'phalanx-gumbel', { secondShare: 0.1 }),
  ofMark('phalanx-synthid', 'phalanx-synthid', {}),
  ofMark('phalanx-kgw', 'phalanx-kgw', { contextWidth: 1 }),
  ofMark('phalanx-unigram', 'phalanx-unigram', {}),
  ofPayload,
];

const drawKey = (random: Random) =>
  Array.from({ length: 16 }, () => random.integer(256).toString(16).padStart(2, '0')).join('');

/** Alarms of random keys on texts that nobody marked, for every statistic of own marks. */
export function calibrateOwnMarks(checks: Checks, texts: readonly AwkwardText[]): void {
  for (const statistics of STATISTICS) {
    const random = new Random(40);
    const totals = statistics.names.map(() => ALPHAS.map(() => 0));
    for (const text of texts) {
      const options = { contextWidth: statistics.contextWidth, unit: statistics.unit, padding: null };
      const ngrams = collectNgrams([text.tokens.subarray(0, statistics.rows)], options);
      const alarms = statistics.names.map(() => ALPHAS.map(() => 0));
      for (let i = 0; i < KEYS; i++)
        statistics.test(drawKey(random), ngrams, random).forEach((logP, n) => {
          ALPHAS.forEach((alpha, a) => {
            if (logP <= Math.log(alpha)) alarms[n]![a]!++;
          });
        });
      statistics.names.forEach((name, n) => {
        ALPHAS.forEach((alpha, a) => {
          const count = alarms[n]![a]!;
          totals[n]![a]! += count;
          checks.check(
            `${name}, ${text.name}: p <= ${alpha} for no more keys than chance allows`,
            boundProportionBelow(count, KEYS, BOUND) <= alpha,
            () => `${count} of ${KEYS}`,
          );
        });
      });
    }
    const tried = KEYS * texts.length;
    statistics.names.forEach((name, n) => {
      const rates = totals[n]!.map((count, a) => {
        const { lower, upper } = clopperPearson(count, tried, 0.05);
        const [rate, from, to] = [count / tried, lower, upper].map((figure) => figure.toExponential(2));
        return `${rate} [${from}, ${to}] at ${ALPHAS[a]}`;
      });
      checks.note(`${name}, ${KEYS} keys on each of ${texts.length} texts: ${rates.join('; ')}`);
    });
  }
}

const CANDIDATES = 64;
const LENGTHS = [50, 100, 200, 400];
const ENTROPIES = [0.5, 1, 2, 3];
const TRIALS = 100;
const VOCABULARY = 100_000;
const SAMPLING: Sampling = {
  temperature: 1,
  topK: 0,
  topP: 1,
  deduplicateContexts: 'single_turn',
  history: 8192,
};

/** How often marks are found at 1e-6, and payloads read, by scored tokens and entropy of a source that is known. */
export function measureOwnPower(checks: Checks): void {
  for (const [dialect, parameters] of [
    ['phalanx-gumbel', {}],
    ['phalanx-gumbel', { secondShare: 0.1 }],
    ['phalanx-synthid', {}],
    ['phalanx-kgw', { gamma: 0.25, contextWidth: 4 }],
  ] as const) {
    const name = `${dialect} ${JSON.stringify(parameters)}`;
    const [shares] = tabulate(1, (entropy, random) => {
      const mark = openMark(dialect, parameters, drawKey(random));
      const text = writeText(mark, entropy, random);
      return (length) => [testKey(mark, takeNgrams(mark, text, length)).logP < Math.log(1e-6)];
    });
    checks.note(`${name}, found at 1e-6 ${describeShares(shares!)}`);
    // 2 nats and 200 tokens: certain for what works at all.
    checks.check(`${name}: found where it must be`, shares![2]![2]! >= 0.98, () => `${shares![2]![2]}`);
  }
  for (const bits of [16, 64]) measurePayloadPower(checks, bits);
}

function measurePayloadPower(checks: Checks, bits: number): void {
  const draw = new Random(41);
  const payloads = BigUint64Array.from({ length: 100_000 }, () =>
    BigInt.asUintN(bits, (BigInt(draw.uint32()) << 32n) | BigInt(draw.uint32())),
  );
  const questions = [
    'whole payload right',
    'presence at 1e-6',
    'named payload at 1e-6',
    ...(bits === 64 ? ['its account among 100,000 at 1e-3'] : []),
  ];
  const shares = tabulate(questions.length, (entropy, random) => {
    const payload = payloads[random.integer(payloads.length)]!;
    const key = `${drawKey(random)}:${payload.toString(16)}`;
    const mark = openMark('phalanx-multibit', { bits }, key) as MultibitMark;
    const text = writeText(mark, entropy, random);
    return (length) => {
      const scores = mark.readPayload(takeNgrams(mark, text, length));
      const reading = scores.read();
      const held = [
        reading.payload === payload,
        reading.logP < Math.log(1e-6),
        scores.testPayload(payload) < Math.log(1e-6),
      ];
      if (bits < 64) return held;
      const { index, logP } = scores.findPayload(payloads)!;
      return [...held, payloads[index] === payload && logP < Math.log(1e-3)];
    };
  });
  questions.forEach((question, q) => {
    checks.note(`phalanx-multibit, ${bits} bits, ${question} ${describeShares(shares[q]!)}`);
  });
  checks.check(
    `phalanx-multibit, ${bits} bits: read whole at 3 nats and 400 tokens`,
    shares[0]![3]![3]! >= 0.98,
    () => `${shares[0]![3]![3]}`,
  );
}

/** For each question the shares of texts that answer it, a row an entropy, a column a length. */
function tabulate(
  questions: number,
  prepare: (entropy: number, random: Random) => (length: number) => readonly boolean[],
): number[][][] {
  const shares = Array.from({ length: questions }, () => ENTROPIES.map(() => LENGTHS.map(() => 0)));
  const random = new Random(42);
  ENTROPIES.forEach((entropy, e) => {
    for (let trial = 0; trial < TRIALS; trial++) {
      const answer = prepare(entropy, random);
      LENGTHS.forEach((length, l) => {
        answer(length).forEach((held, q) => {
          if (held) shares[q]![e]![l]! += 1 / TRIALS;
        });
      });
    }
  });
  return shares;
}

function describeShares(shares: readonly (readonly number[])[]): string {
  const rows = ENTROPIES.map(
    (entropy, e) => `${entropy} nat ${shares[e]!.map((s) => s.toFixed(2)).join(' ')}`,
  );
  return `at ${LENGTHS.join(', ')} tokens: ${rows.join('; ')}`;
}

/** N-grams of the unmarked start and `length` tokens after it. */
function takeNgrams(mark: Mark, text: Int32Array, length: number): Ngrams {
  return collectNgrams([text.subarray(0, length + 4)], mark);
}

/** 404 tokens, the first four unmarked; each from 64 fresh candidates with falling probabilities of the entropy asked for. */
function writeText(mark: Mark, entropy: number, random: Random): Int32Array {
  const weights = fallingProbabilities(entropy);
  const sampler = makeSampler(mark, SAMPLING, { random: () => random.uniform() });
  const text = Int32Array.from({ length: LENGTHS.at(-1)! + 4 }, () => random.integer(VOCABULARY));
  for (let at = 4; at < text.length; at++) {
    const tokens = new Int32Array(CANDIDATES);
    const step = Math.floor(VOCABULARY / CANDIDATES);
    for (let i = 0; i < CANDIDATES; i++) tokens[i] = i * step + random.integer(step);
    const logProbabilities = random.shuffle(weights.slice());
    text[at] = sampler.next({ candidates: { tokens, logProbabilities }, answer: text.subarray(0, at) }).token;
  }
  return text;
}

/** ln of probabilities that fall by a constant factor, with the entropy asked for in nats. */
function fallingProbabilities(entropy: number): Float64Array {
  let [low, high] = [1e-6, 50];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (measureEntropy(geometric(middle)) > entropy) low = middle;
    else high = middle;
  }
  return geometric(low);
}

function geometric(rate: number): Float64Array {
  const values = Float64Array.from({ length: CANDIDATES }, (_, i) => -rate * i);
  const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
  return values.map((value) => value - Math.log(total));
}

function measureEntropy(logProbabilities: Float64Array): number {
  return logProbabilities.reduce((sum, value) => sum - Math.exp(value) * value, 0);
}
