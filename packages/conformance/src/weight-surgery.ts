import { openBytesSource, openWeightSource, writeGguf } from '@phalanx/weights';
import { encodeSuperBlocks } from './super-blocks.js';
import { collect, nameForGguf, openQuantised, type SmallModel } from './weight-children.js';

/** Layers of a model in another order, some left out or twice: depth that was cut or grown. */
export function stackLayers({ metadata, tensors }: SmallModel, order: readonly number[]): SmallModel {
  const out = new Map([...tensors].filter(([name]) => !name.startsWith('layers.')));
  for (const [to, from] of order.entries())
    for (const [name, tensor] of tensors)
      if (name.startsWith(`layers.${from}.`))
        out.set(name.replace(`layers.${from}.`, `layers.${to}.`), tensor);
  return { metadata, tensors: out };
}

/** Numbers in place of names; when turned, matrices with inputs as rows, as graphs are exported. */
export function renameTensors({ metadata, tensors }: SmallModel, turned: boolean): SmallModel {
  const out: [string, { shape: readonly number[]; values: Float32Array }][] = [];
  for (const { shape, values } of tensors.values()) {
    const name = `onnx::MatMul_${out.length}`;
    const [rows, columns] = shape as [number, number];
    if (!turned || shape.length !== 2) out.push([name, { shape, values }]);
    else {
      const turn = values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!);
      out.push([name, { shape: [columns, rows], values: turn }]);
    }
  }
  return { metadata, tensors: new Map(out) };
}

/** Neurons of all layers that are kept, in their order. */
export function keepNeurons({ metadata, tensors }: SmallModel, isKept: (i: number) => boolean): SmallModel {
  return {
    metadata,
    tensors: mapMatrices(tensors, (name) =>
      /w2\.weight$/.test(name)
        ? [every, isKept]
        : /w[13]\.weight$/.test(name)
          ? [isKept, every]
          : [every, every],
    ),
  };
}

/** Dimensions of the residual stream that are kept, in their order. Heads stay, so that it no longer runs. */
export function keepDimensions(
  { metadata, tensors }: SmallModel,
  isKept: (i: number) => boolean,
): SmallModel {
  return {
    metadata,
    tensors: mapMatrices(tensors, (name) =>
      /\.(?:w2|wo)\.weight$/.test(name) ? [isKept, every] : [every, isKept],
    ),
  };
}

type Choice = (i: number) => boolean;
const every: Choice = () => true;

function mapMatrices(
  tensors: SmallModel['tensors'],
  choose: (name: string) => readonly [rows: Choice, columns: Choice],
): SmallModel['tensors'] {
  return new Map(
    [...tensors].map(([name, { shape, values }]) => {
      const [isRow, isColumn] = choose(name);
      const columns = shape.at(-1)!;
      const kept = values.filter((_, at) => isRow(Math.floor(at / columns)) && isColumn(at % columns));
      const width = Array.from({ length: columns }, (_, i) => i).filter(isColumn).length;
      return [name, { shape: shape.length === 1 ? [width] : [kept.length / width, width], values: kept }];
    }),
  );
}

/** Every layer's network four times over, as experts: a dense model that was made one of experts. */
export function growExperts(
  models: readonly SmallModel[],
  choose: (layer: number, expert: number) => number,
): SmallModel {
  const tensors = new Map<string, { readonly shape: readonly number[]; readonly values: Float32Array }>();
  for (const [name, tensor] of models[0]!.tensors) {
    const [, layer, part] = /^layers\.(\d+)\.feed_forward\.(w\d\.weight)$/.exec(name) ?? [];
    if (part === undefined) tensors.set(name, tensor);
    else
      for (let expert = 0; expert < 4; expert++)
        tensors.set(
          `layers.${layer}.feed_forward.experts.${expert}.${part}`,
          models[choose(Number(layer), expert)]!.tensors.get(name)!,
        );
  }
  return { metadata: models[0]!.metadata, tensors };
}

/** Matrices as they come back from GGUF. */
export async function roundToBlocks(model: SmallModel, format: 'Q8_0' | 'Q4_0'): Promise<SmallModel> {
  const file = await openQuantised(model, format);
  const tensors = new Map(model.tensors);
  for (const [name, { shape, values }] of model.tensors) {
    const tensor = file.tensors.get(nameForGguf(name))!;
    tensors.set(name, { shape, values: await file.readNumbers(tensor, 0, values.length) });
  }
  return { metadata: model.metadata, tensors };
}

/** Matrices as they come back from Q4_K in GGUF; its blocks of 256 run over rows here, whose 64 and 172 numbers are none. */
export async function roundToSuperBlocks(model: SmallModel): Promise<SmallModel> {
  const matrices = [...model.tensors].filter(([, { shape }]) => shape.length === 2);
  const written = matrices.map(([name, { values }]) => ({
    name,
    format: 'Q4_K',
    shape: [values.length / 256, 256],
    chunks: () => [encodeSuperBlocks(values)],
  }));
  const metadata = new Map([['general.architecture', { type: 'string', value: 'llama' }]] as const);
  const file = await openWeightSource(openBytesSource(await collect(writeGguf(written, metadata))));
  const tensors = new Map(model.tensors);
  for (const [name, { shape, values }] of matrices)
    tensors.set(name, { shape, values: await file.readNumbers(file.tensors.get(name)!, 0, values.length) });
  return { metadata: model.metadata, tensors };
}
