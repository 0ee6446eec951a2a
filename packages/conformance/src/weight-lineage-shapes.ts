import { logBinomialUpperTail, Random } from '@phalanx/stats';
import {
  countInOrder,
  type DisguiseSearch,
  type FoundNetwork,
  type LineageReport,
  type LineageVerdict,
  logOrderCountP,
  searchNetworks,
  type WeightFile,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import { merge, openModel, permuteNeurons, rotateResidual, type SmallModel } from './weight-children.js';
import { growExperts, keepDimensions, keepNeurons, renameTensors, stackLayers } from './weight-surgery.js';

type Judge = (
  name: string,
  right: WeightFile,
  expected: LineageVerdict,
  disguise?: DisguiseSearch,
) => Promise<LineageReport>;

const isKept = (i: number) => i % 4 !== 1;
const SAMPLE = { units: 256, features: 256, groups: 16 };

/** Children whose layers, experts, neurons or dimensions were cut, doubled or moved, or whose tensors were renamed, strangers treated alike, and the null of the search. */
export async function checkShapes(
  checks: Checks,
  base: SmallModel,
  { child, stranger, other }: Readonly<Record<'child' | 'stranger' | 'other', SmallModel>>,
  judge: Judge,
): Promise<void> {
  // Name, change, and the share of neurons that T2 must find where the change is also disguised.
  const cuts: readonly (readonly [string, (model: SmallModel) => SmallModel, number | null])[] = [
    ['layers 0, 2, 4', (model) => stackLayers(model, [0, 2, 4]), 0.98],
    ['layers 0, 4, 3, 2, 1', (model) => stackLayers(model, [0, 4, 3, 2, 1]), 0.98],
    ['layers 1, 2, 3, 4, 4', (model) => stackLayers(model, [1, 2, 3, 4, 4]), null],
    ['layers 0 to 3 and 1 to 4', (model) => stackLayers(model, [0, 1, 2, 3, 1, 2, 3, 4]), 0.98],
    ['3 of 4 neurons', (model) => keepNeurons(model, isKept), 0.9],
    ['every other neuron', (model) => keepNeurons(model, (i) => i % 2 === 0), null],
    ['3 of 4 neurons, layers 0, 2, 4', (model) => stackLayers(keepNeurons(model, isKept), [0, 2, 4]), 0.9],
    ['3 of 4 dimensions', (model) => keepDimensions(model, isKept), null],
    [
      '3 of 4 dimensions and neurons, layers 1, 2, 4',
      (model) =>
        stackLayers(
          keepNeurons(keepDimensions(model, isKept), (i) => i % 4 !== 2),
          [1, 2, 4],
        ),
      null,
    ],
    ['all tensors renamed', (model) => renameTensors(model, false), null],
    ['all tensors renamed and turned', (model) => renameTensors(model, true), null],
    [
      'four experts of each network',
      (model) => growExperts([model, model, model, model], (_, expert) => expert),
      null,
    ],
  ];
  for (const [name, change] of cuts) {
    const { log10P, networks, share } = await judge(
      `4,000 steps, ${name}`,
      await openModel(change(child)),
      'derived',
    );
    checks.check(`${name}: p`, log10P <= -250, () => String(log10P));
    checks.check(`${name}: share`, share! >= 0.99, () => String(share));
    if (networks !== null) checks.note(`${name}: ${describe(networks.tests[0]!.found)}`);
    const { log10P: chance } = await judge(
      `a stranger, ${name}`,
      await openModel(change(stranger)),
      'nothing shared seen',
    );
    checks.check(`a stranger, ${name}: p`, chance > -2, () => String(chance));
  }
  const hidden = rotateResidual(permuteNeurons(child, 5), 6);
  const hiddenStranger = rotateResidual(permuteNeurons(stranger, 5), 6);
  for (const [name, change, least] of cuts) {
    if (least === null) continue;
    const found = await judge(
      `${name}, in disguise`,
      await openModel(change(hidden)),
      'derived in disguise',
      'always',
    );
    const { agreed, neurons, comparisons } = found.disguise!;
    checks.check(`${name}, in disguise: neurons`, agreed >= least * neurons, () => `${agreed} of ${neurons}`);
    checks.note(
      `${name}, in disguise: ${comparisons.map(({ leftLayer, rightLayer }) => `${rightLayer} as ${leftLayer}`).join(', ')}`,
    );
    const chance = await judge(
      `a stranger, ${name}, in disguise`,
      await openModel(change(hiddenStranger)),
      'nothing shared seen',
      'always',
    );
    const rate = chance.disguise!.agreed / chance.disguise!.neurons;
    checks.check(`a stranger, ${name}, in disguise: T2`, rate < 0.03, () => String(rate));
  }
  await checkExperts(checks, { base, child, stranger, other });
  await checkSearchNull(checks, base);
}

function describe(found: readonly FoundNetwork[]): string {
  return found
    .map(({ layer, otherLayer, matches, units }) => `${layer} as ${otherLayer} (${matches} of ${units})`)
    .join(', ');
}

/** A model of four experts a layer against one with the same experts, tuned on, in another order. */
async function checkExperts(
  checks: Checks,
  { base, child, stranger, other }: Readonly<Record<'base' | 'child' | 'stranger' | 'other', SmallModel>>,
): Promise<void> {
  const third = merge(stranger, other);
  const left = growExperts([base, stranger, other, third], (_, expert) => expert);
  const right = growExperts([child, stranger, other, third], (layer, expert) => (expert + layer) % 4);
  const search = await searchNetworks(await openModel(left), await openModel(right), SAMPLE);
  const [gate] = search!.tests;
  const isPlaced = gate!.found.every(
    ({ layer, expert, otherLayer, otherExpert }) =>
      otherLayer === layer && otherExpert === (expert! + layer) % 4,
  );
  checks.check('experts in another order', isPlaced && gate!.matches === gate!.units, () =>
    JSON.stringify(gate),
  );
  checks.note(
    `experts in another order: ${gate!.matches} of ${gate!.units}, p 10^${(search!.logP / Math.LN10).toFixed(1)}`,
  );
}

const ORDERS = 100;

/** The model's own neurons in random orders, layers shuffled and neurons cut: counts of places and of order must keep to their bounds. */
async function checkSearchNull(checks: Checks, base: SmallModel): Promise<void> {
  const whole = await openModel(base);
  let least = 0;
  const counts: number[] = [];
  for (let i = 0; i < ORDERS; i++) {
    const moved = stackLayers(permuteNeurons(base, 5_000 + i), [2, 0, 3, 4]);
    const right = i % 2 === 0 ? moved : keepNeurons(moved, (neuron) => neuron % 3 !== 0);
    const search = await searchNetworks(whole, await openModel(right), { ...SAMPLE, features: 32 });
    least = Math.min(least, search!.logP / Math.LN10);
    const order = search!.tests.find(({ rule }) => rule === 'order');
    if (order !== undefined) counts.push(...order.found.map(({ matches }) => matches));
  }
  // A bound for the least of hundred would be 10^-2 once; these have nothing near it.
  checks.check('random orders, layers moved and neurons cut', least > -2, () => String(least));
  const random = new Random(12);
  const tries = 5_000;
  const order = Int32Array.from({ length: 114 }, (_, i) => i);
  const lengths = Array.from({ length: tries }, () => countInOrder(random.shuffle(order)));
  for (let k = 20; k <= Math.max(...lengths); k++) {
    const reached = lengths.filter((length) => length >= k).length;
    const bound = logOrderCountP(k, 114, 1);
    checks.check(
      `${k} of 114 in order`,
      reached === 0 || logBinomialUpperTail(reached, tries, Math.exp(bound)) > Math.log(1e-6),
      () => `${reached} of ${tries}`,
    );
  }
  checks.note(
    `${ORDERS} random orders, layers moved and half of them cut: least p 10^${least.toFixed(1)}; at most ${Math.max(...counts)} of 114 in order, ${Math.max(...lengths)} in ${tries} drawn orders`,
  );
}
