import { Random } from '@phalanx/stats';
import {
  encodeBlocks,
  openBytesSource,
  openWeightSource,
  type WeightFile,
  writeGguf,
} from '@phalanx/weights';
import {
  mergeLowRank,
  openModel,
  permuteNeurons,
  prune,
  rotateResidual,
  type SmallModel,
} from './weight-children.js';

/** What is done to copies before they turn up: one file out of one or several. */
export interface Leak {
  readonly name: string;
  /** How many copies go in. */
  readonly copies: number;
  make(copies: readonly SmallModel[], seed: number): Promise<WeightFile>;
}

/** Matrices as their blocks of 32 numbers would be, whatever their rows, and back. */
export async function quantise(model: SmallModel, format: 'Q8_0' | 'Q4_0'): Promise<SmallModel> {
  const tensors = new Map(model.tensors);
  for (const [name, { shape, values }] of model.tensors) {
    if (shape.length < 2) continue;
    const blocks = {
      name: 'w',
      format,
      shape: [values.length / 32, 32],
      chunks: () => [encodeBlocks(format, values)],
    };
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeGguf([blocks])) chunks.push(chunk);
    const file = await openWeightSource(openBytesSource(Buffer.concat(chunks)));
    tensors.set(name, { shape, values: await file.readNumbers(file.tensors.get('w')!, 0, values.length) });
  }
  return { metadata: model.metadata, tensors };
}

/** The change from one model to another, added to a third. */
export function addChange(to: SmallModel, from: SmallModel, child: SmallModel): SmallModel {
  return join([to, from, child], ([value, before, after]) => value! + after! - before!);
}

/** Each number by a rule on the numbers of several models at its place. */
export function join(models: readonly SmallModel[], rule: (values: readonly number[]) => number): SmallModel {
  const [first] = models;
  const tensors = [...first!.tensors].map(([name, { shape, values }]) => {
    const all = models.map((model) => model.tensors.get(name)!.values);
    return [name, { shape, values: values.map((_, i) => rule(all.map((one) => one[i]!))) }] as const;
  });
  return { metadata: first!.metadata, tensors: new Map(tensors) };
}

const average = (copies: readonly SmallModel[]) =>
  join(copies, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
const interleave = (copies: readonly SmallModel[], seed: number) => {
  const random = new Random(seed);
  return join(copies, (values) => values[Math.floor(random.uniform() * values.length)]!);
};
/** The value that fewest copies have. */
const minority = (copies: readonly SmallModel[]) =>
  join(copies, (values) => {
    const count = (value: number) => values.filter((other) => other === value).length;
    return values.reduce((rarest, value) => (count(value) < count(rarest) ? value : rarest));
  });
const disguise = (model: SmallModel, seed: number) => rotateResidual(permuteNeurons(model, seed), seed + 1);

/**
 * Leaks of the unmarked model `base`, of which `children` are fine-tuned.
 *
 * @param children by the words that name them in a report
 */
export function listLeaks(base: SmallModel, children: ReadonlyMap<string, SmallModel>): readonly Leak[] {
  const one = (
    name: string,
    change: (copy: SmallModel, seed: number) => SmallModel | Promise<SmallModel>,
  ): Leak => ({
    name,
    copies: 1,
    make: async ([copy], seed) => openModel(await change(copy!, seed)),
  });
  const several = (
    name: string,
    count: number,
    change: (copies: readonly SmallModel[], seed: number) => SmallModel | Promise<SmallModel>,
  ): Leak => ({
    name: `${name} of ${count}`,
    copies: count,
    make: async (copies, seed) => openModel(await change(copies, seed)),
  });
  const tuned = [...children].flatMap(([name, child]) => [
    one(`tuned ${name}`, (copy) => addChange(copy, base, child)),
    one(`tuned ${name}, Q8_0`, (copy) => quantise(addChange(copy, base, child), 'Q8_0')),
    one(`tuned ${name}, permuted, scaled and turned`, (copy, seed) =>
      disguise(addChange(copy, base, child), seed),
    ),
  ]);
  return [
    one('verbatim', (copy) => copy),
    one('Q8_0', (copy) => quantise(copy, 'Q8_0')),
    one('Q4_0', (copy) => quantise(copy, 'Q4_0')),
    one('50 % pruned', prune),
    one('low rank added, half as long', (copy, seed) => mergeLowRank(copy, 8, 0.5, seed)),
    ...tuned,
    one('permuted and scaled', permuteNeurons),
    one('turned', rotateResidual),
    one('permuted, scaled and turned', disguise),
    one('permuted, scaled, turned, Q8_0', (copy, seed) => quantise(disguise(copy, seed), 'Q8_0')),
    ...[2, 3, 5].map((count) => several('average', count, average)),
    ...[3, 5, 8].map((count) =>
      several('interleaved, Q8_0,', count, (copies, seed) => quantise(interleave(copies, seed), 'Q8_0')),
    ),
    several('minority', 3, minority),
    several('average, permuted, scaled and turned,', 3, (copies, seed) => disguise(average(copies), seed)),
  ];
}
