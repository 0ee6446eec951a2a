import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { logBinomialUpperTail, Random } from '@phalanx/stats';
import {
  chooseAnchors,
  compareLineage,
  compareSketches,
  type DisguiseSearch,
  decodeSketch,
  encodeSketch,
  findResidualTurn,
  type LineageReport,
  type LineageVerdict,
  logMatchCountP,
  openBytesSource,
  openWeightSource,
  realignLayer,
  sketchLayer,
  testSharedUnits,
  type WeightFile,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Suite } from './suite.js';
import {
  addNoise,
  loadModel,
  merge,
  mergeLowRank,
  openModel,
  openQuantised,
  permuteNeurons,
  prune,
  rotateResidual,
  roundToBrainFloats,
  type SmallModel,
} from './weight-children.js';
import { checkShapes } from './weight-lineage-shapes.js';
import { roundToBlocks, roundToSuperBlocks } from './weight-surgery.js';

/** Real small models of known descent, and what is made of them here. */
export const weightLineage: Suite = {
  name: 'weight-lineage',
  what: 'descent of weights: children, children in disguise, strangers and a common random start, all of known truth',
  async run(checks, { vectors }) {
    const folder = vectors === null ? null : join(vectors, 'models');
    if (folder === null || !existsSync(folder)) {
      checks.skip('no models of llama2.c');
      return;
    }
    const open = (name: string) =>
      openWeightSource(openBytesSource(gunzipSync(readFileSync(join(folder, `${name}.bin.gz`))), name));
    const base = await open('stories260K');
    await checkChildren(checks, base, open);
    await checkStrangers(checks, base, open);
    const [child, stranger, other] = await Promise.all(
      ['ft_lr1e-3_4000', 'indep12_300', 'indep11_300'].map(async (name) => loadModel(await open(name))),
    );
    await checkDisguises(checks, base, { child: child!, stranger: stranger! });
    await checkShapes(
      checks,
      await loadModel(base),
      { child: child!, stranger: stranger!, other: other! },
      (name, right, expected, search = 'never') => judge(checks, name, base, right, expected, search),
    );
    await checkRealignment(checks, base, open);
    await checkNull(checks, base);
  },
};

type Open = (name: string) => Promise<WeightFile>;

async function checkChildren(checks: Checks, base: WeightFile, open: Open): Promise<void> {
  const model = await loadModel(base);
  const stranger = await loadModel(await open('indep12_300'));
  const child = await loadModel(await open('ft_lr1e-3_4000'));
  const both = (of: SmallModel) => openModel(rotateResidual(permuteNeurons(of, 5), 6));
  const derived: readonly (readonly [string, Promise<WeightFile>])[] = [
    ['verbatim', open('stories260K')],
    ['1,000 steps', open('ft_lr1e-3_1000')],
    ['4,000 steps', open('ft_lr1e-3_4000')],
    ['Q4_0 and back', open('att_q4_0')],
    ['50 % pruned', open('att_prune50')],
    ['Q8_0 in GGUF', openQuantised(model, 'Q8_0')],
    ['Q4_0 in GGUF', openQuantised(model, 'Q4_0')],
    ['50 % pruned here', openModel(prune(model))],
    ['noise of 1 deviation', openModel(addNoise(model, 1, 1))],
    ['half a stranger', openModel(merge(model, stranger))],
    ['rank 8, half as long', openModel(mergeLowRank(model, 8, 0.5, 2))],
    ['4,000 steps, Q4_0 in GGUF', openQuantised(child, 'Q4_0')],
  ];
  for (const [name, file] of derived) {
    const report = await judge(checks, name, base, await file, 'derived');
    checks.check(`${name}: p`, report.log10P <= -1_000, () => String(report.log10P));
  }
  const noisy = await judge(
    checks,
    'noise of 2 deviations',
    base,
    await openModel(addNoise(model, 2, 1)),
    'shared randomness',
  );
  checks.check('noise of 2 deviations: p', noisy.log10P <= -1_000, () => String(noisy.log10P));
  const disguised: readonly (readonly [string, Promise<WeightFile>])[] = [
    ['permuted and scaled', open('att_permute')],
    ['turned', open('att_rotate')],
    ['permuted and scaled here', openModel(permuteNeurons(model, 3))],
    ['turned here', openModel(rotateResidual(model, 4))],
    ['permuted, scaled and turned', both(model)],
    ['4,000 steps, permuted, scaled and turned', both(child)],
    [
      'Q4_0 in GGUF, permuted, scaled and turned',
      openQuantised(rotateResidual(permuteNeurons(model, 5), 6), 'Q4_0'),
    ],
  ];
  for (const [name, file] of disguised) {
    const { disguise } = await judge(checks, name, base, await file, 'derived in disguise');
    checks.check(`${name}: neurons`, (disguise?.agreed ?? 0) >= 855, () => String(disguise?.agreed));
  }
}

/** Every change of the list above, then neurons permuted and scaled and the residual basis turned. */
async function checkDisguises(
  checks: Checks,
  base: WeightFile,
  { child, stranger }: Readonly<Record<'child' | 'stranger', SmallModel>>,
): Promise<void> {
  const model = await loadModel(base);
  const changes: readonly (readonly [string, SmallModel | Promise<SmallModel>, number, LineageVerdict])[] = [
    ['bf16', roundToBrainFloats(model), 855, 'derived in disguise'],
    ['Q8_0', roundToBlocks(model, 'Q8_0'), 855, 'derived in disguise'],
    ['Q4_0', roundToBlocks(model, 'Q4_0'), 855, 'derived in disguise'],
    ['Q4_K', roundToSuperBlocks(model), 855, 'derived in disguise'],
    ['50 % pruned', prune(model), 855, 'derived in disguise'],
    ['rank 8, half as long', mergeLowRank(model, 8, 0.5, 2), 770, 'derived in disguise'],
    ['4,000 steps, Q4_K', roundToSuperBlocks(child), 850, 'derived in disguise'],
    ['half a stranger', merge(model, stranger), 770, 'derived in disguise'],
    ['noise of 1 deviation', addNoise(model, 1, 1), 172, 'found again in part'],
    ['noise of 2 deviations', addNoise(model, 2, 1), 0, 'nothing shared seen'],
  ];
  for (const [name, change, least, expected] of changes) {
    const changed = await change;
    const inPlace: LineageVerdict = name.startsWith('noise of 2') ? 'shared randomness' : 'derived';
    const plain = await judge(checks, `${name}, in place`, base, await openModel(changed), inPlace);
    checks.check(`${name}, in place: p`, plain.log10P <= -1_000, () => String(plain.log10P));
    const hidden = await openModel(rotateResidual(permuteNeurons(changed, 5), 6));
    const { disguise } = await judge(checks, `${name}, in disguise`, base, hidden, expected);
    checks.check(`${name}, in disguise: neurons`, (disguise?.agreed ?? 0) >= least, () =>
      String(disguise?.agreed),
    );
  }
}

async function checkStrangers(checks: Checks, base: WeightFile, open: Open): Promise<void> {
  const [first, second, same] = await Promise.all(['indep11_300', 'indep12_300', 'sameinit11_300'].map(open));
  const turned = await openModel(rotateResidual(permuteNeurons(await loadModel(first!), 7), 8));
  for (const [name, left, right] of [
    ['stories and 11', base, first!],
    ['stories and 12', base, second!],
    ['11 and 12', first!, second!],
    ['12 and 11', second!, first!],
    ['12 and 11 again', second!, same!],
    ['12 and 11 in disguise', second!, turned],
  ] as const) {
    const report = await judge(checks, `strangers, ${name}`, left, right, 'nothing shared seen');
    // A bound for the least of several, so that one pair in a hundred may fall below; these six do not.
    checks.check(`strangers, ${name}: p`, report.log10P > -2, () => String(report.log10P));
    checks.check(`strangers, ${name}: T2`, (report.disguise?.agreed ?? 9) <= 8, () =>
      String(report.disguise?.agreed),
    );
  }
  const common = await judge(checks, 'one random start', first!, same!, 'shared randomness');
  checks.check('one random start: p', common.log10P <= -100, () => String(common.log10P));
  checks.check('one random start: share', common.share! < 0.5, () => String(common.share));
  checks.check(
    'one random start: caveat',
    common.assumptions.some((text) => text.includes('seed')),
  );
}

async function judge(
  checks: Checks,
  name: string,
  left: WeightFile,
  right: WeightFile,
  expected: LineageVerdict,
  disguiseSearch: DisguiseSearch = 'always',
): Promise<LineageReport> {
  const report = await compareLineage(left, right, { disguise: disguiseSearch });
  const { verdict, log10P, share, disguise, context, exact } = report;
  checks.equal(name, verdict, expected);
  checks.check(
    `${name}: tables are left out`,
    exact.tests.every(({ part }) => part !== 'convolution'),
  );
  const figure = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  checks.note(
    `${name}: ${verdict}, p 10^${log10P.toFixed(1)}, share ${figure(share)}, ${disguise === null ? 'no T2' : `T2 ${disguise.agreed} of ${disguise.neurons}, other layers ${disguise.crossLayer?.agreed}`}; cosine ${figure(context.cosine)}, attention ${figure(context.attentionDeviation)}, kurtosis ${figure(context.kurtosis?.left ?? null)} and ${figure(context.kurtosis?.right ?? null)}`,
  );
  return report;
}

/** What T2 finds, undone: the suspect's numbers where the owner's are. And what two labs would exchange. */
async function checkRealignment(checks: Checks, base: WeightFile, open: Open): Promise<void> {
  const model = await loadModel(base);
  const suspects = [
    ['att_permute', await open('att_permute'), 1e-5],
    ['att_rotate', await open('att_rotate'), 1e-5],
    ['permuted and turned here', await openModel(rotateResidual(permuteNeurons(model, 9), 10)), 1e-5],
    ['att_q4_0', await open('att_q4_0'), 0.12],
  ] as const;
  const tokens = await chooseAnchors(base);
  for (const [name, suspect, limit] of suspects) {
    const { disguise } = await compareLineage(base, suspect, { disguise: 'always' });
    const turn = await findResidualTurn(base, suspect);
    const worst: number[] = [turn.residual];
    for (const comparison of disguise!.comparisons)
      for (const part of await realignLayer(base, suspect, comparison, turn)) worst.push(part.residual);
    checks.check(`${name}: realigned`, Math.max(...worst) <= limit, () => worst.join(' '));
    const files: Uint8Array[] = [];
    for (const file of [base, suspect]) files.push(encodeSketch(await sketchLayer(file, 2, tokens)));
    const { agreed, neurons } = compareSketches(decodeSketch(files[0]!), decodeSketch(files[1]!));
    checks.check(`${name}: by sketches of bytes`, agreed >= 171, () => String(agreed));
    checks.note(
      `${name}: realigned to ${Math.max(...worst).toExponential(1)}; sketches of ${files[0]!.length} bytes agree on ${agreed} of ${neurons}`,
    );
  }
}

const ORDERS = 300;

/** The neurons of a model itself in random orders: the hardest null, since its map is one-to-one. P(F >= k) must keep to its bound. */
async function checkNull(checks: Checks, base: WeightFile): Promise<void> {
  const model = await loadModel(base);
  const counts = new Map<string, number[]>();
  for (let i = 0; i < ORDERS; i++) {
    const file = await openModel(permuteNeurons(model, 1_000 + i));
    const { tests } = await testSharedUnits(base, file, { features: 32 });
    for (const { kind, part, matches } of tests)
      if (kind === 'mlp-neuron') counts.set(part, [...(counts.get(part) ?? []), matches]);
  }
  for (const [part, found] of counts)
    for (let k = 6; k <= Math.max(...found); k++) checkBound(checks, `${part} in random orders`, found, k, 5);
  const random = new Random(11);
  for (const groups of [1, 4, 32]) {
    const found = Array.from({ length: 20_000 }, () => {
      let matches = 0;
      for (let group = 0; group < groups; group++) {
        const order = random.shuffle(Int32Array.from({ length: 40 }, (_, i) => i));
        for (let i = 0; i < 40; i++) if (order[i] === i) matches++;
      }
      return matches;
    });
    for (let k = groups + 1; k <= Math.max(...found); k++)
      checkBound(checks, `${groups} groups`, found, k, groups);
  }
  checks.note(
    `${ORDERS} random orders of the model's own neurons: at most ${[...counts].map(([part, found]) => `${part} ${Math.max(...found)}`).join(', ')}`,
  );
}

function checkBound(checks: Checks, what: string, found: readonly number[], k: number, groups: number): void {
  const reached = found.filter((matches) => matches >= k).length;
  const bound = Math.exp(logMatchCountP(k, groups));
  checks.check(
    `${what}: ${k} matches`,
    reached === 0 || logBinomialUpperTail(reached, found.length, bound) > Math.log(1e-6),
    () => `${reached} of ${found.length}, bound ${bound}`,
  );
}
