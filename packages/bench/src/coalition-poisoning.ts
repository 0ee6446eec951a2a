import { parseArgs } from 'node:util';
import { DEFAULT_TERMS, judgeReplay } from '@phalanx/coalition/trust';
import { Random } from '@phalanx/stats';
import {
  ATTACKS,
  type Attack,
  POISONING_DEFAULTS,
  type PoisoningResult,
  playPoisoning,
} from '@phalanx/testing';

/** Seeds of development were 1 to 99. */
const FIRST_SEED = 1_001;
const COLLUSIONS: readonly Attack[] = [
  'all-at-once',
  'betrayal',
  'aimed-at-false-suspects',
  'betrayal-aimed',
];

/**
 * What planted indicators achieve at labs that follow the conditions of `@phalanx/coalition/trust`: seven labs, three months, 1,000 false indicators
 * of each malicious lab, worlds that were not used in development.
 */
export function benchCoalitionPoisoning(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: 'string', default: '3' }, planted: { type: 'string', default: '1000' } },
  });
  const [seeds, planted] = [Number(values.seeds), Number(values.planted)];
  printCalibration();
  const { labs, days, campaigns } = POISONING_DEFAULTS;
  console.log(
    `${labs} labs, ${days} days, ${campaigns} campaigns, ${planted} planted by each malicious lab, ${seeds} worlds from seed ${FIRST_SEED}`,
  );
  console.log(
    `\none malicious lab, ${DEFAULT_TERMS.labs} labs needed; sums over the honest labs and the worlds`,
  );
  printHead();
  for (const attack of ATTACKS) printRow(attack, play(attack, 1, DEFAULT_TERMS.labs, seeds, planted));
  console.log('\nseveral together');
  printHead();
  for (const attack of COLLUSIONS)
    for (const malicious of [1, 2, 3])
      for (const needed of [2, 3, 4]) {
        const results = play(attack, malicious, needed, Math.min(seeds, 2), planted);
        printRow(`${attack}, ${malicious} of ${labs}, needed ${needed}`, results);
      }
}

/** Families of traces that all hit a little more honest tenants than the budget: how often any of a family passes, beside what is said. */
function printCalibration(): void {
  const rounds = 2_000;
  const { alpha, falsePositiveBudget } = DEFAULT_TERMS;
  console.log(
    `budget of ${falsePositiveBudget}: families of which any trace passes, though each hits 1.001 of the budget; at most ${alpha} is said`,
  );
  for (const good of [3_000, 10_000, 40_000])
    for (const size of [1, 20, 200]) {
      const random = new Random(FIRST_SEED * good + size);
      let spoilt = 0;
      for (let round = 0; round < rounds; round++) {
        const family = Array.from({ length: size }, () => {
          const hit = random.binomial(good, falsePositiveBudget * 1.001);
          return { accounts: hit, good: hit, suspected: 0, findings: [] };
        });
        const judged = judgeReplay(family, { accounts: good, good, suspected: 0 }, 1, DEFAULT_TERMS);
        if (judged.some(({ isWithinBudget }) => isWithinBudget)) spoilt++;
      }
      console.log(
        `${String(good).padStart(8)} tenants, ${String(size).padStart(4)} traces: ${(spoilt / rounds).toFixed(4)}`,
      );
    }
  console.log('');
}

function play(
  attack: Attack,
  malicious: number,
  needed: number,
  seeds: number,
  planted: number,
): PoisoningResult[] {
  return Array.from({ length: seeds }, (_, i) =>
    playPoisoning({
      ...POISONING_DEFAULTS,
      seed: FIRST_SEED + i,
      attack,
      malicious,
      planted,
      // Not those of development: more mistakes, fewer tenants whom the lab knows, more honest ones under suspicion.
      mistakes: 0.05,
      goodShare: 0.5,
      falseSuspicion: 0.008,
      terms: { ...DEFAULT_TERMS, labs: needed },
    }),
  );
}

function printHead(): void {
  const cells = ['planted', 'mistakes', 'true', 'precision', 'recall', 'of told', 'barred'];
  console.log(`${'attack'.padEnd(46)}${cells.map((cell) => cell.padStart(10)).join('')}`);
}

function printRow(name: string, results: readonly PoisoningResult[]): void {
  const sum = (read: (result: PoisoningResult) => number) =>
    results.reduce((total, result) => total + read(result), 0);
  const mean = (read: (result: PoisoningResult) => number) => (sum(read) / results.length).toFixed(3);
  const cells = [
    sum((result) => result.enforcedPlanted),
    sum((result) => result.enforcedMistakes),
    sum((result) => result.enforcedTrue),
    mean((result) => result.precision),
    mean((result) => result.recall),
    mean((result) => result.recallOfTold),
    sum((result) => result.barred),
  ];
  console.log(`${name.padEnd(46)}${cells.map((cell) => String(cell).padStart(10)).join('')}`);
}
