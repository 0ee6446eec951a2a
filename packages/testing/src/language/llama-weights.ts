import { countNumbers, type PlacedTensor, placeTensors, type WeightFile } from '@phalanx/weights';
import { sourceError } from '../error.js';
import type { RotaryPairs } from './rotary-position.js';

/** Sizes of a Llama, in numbers. */
export interface LlamaSizes {
  readonly width: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Groups of heads that share keys and values. */
  readonly keyGroups: number;
  readonly vocabulary: number;
}

/** Matrices of one layer: row-major, a row for each output. */
export interface LlamaLayer {
  readonly attentionGain: Float32Array;
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
  readonly output: Float32Array;
  readonly mlpGain: Float32Array;
  readonly gate: Float32Array;
  readonly up: Float32Array;
  readonly down: Float32Array;
}

/** A Llama's numbers in memory. */
export interface LlamaWeights {
  readonly sizes: LlamaSizes;
  readonly layers: readonly LlamaLayer[];
  readonly embedding: Float32Array;
  readonly finalGain: Float32Array;
  /** The embedding itself where the two are tied. */
  readonly head: Float32Array;
  readonly pairs: RotaryPairs;
  /** Added to the mean square in RMSNorm. */
  readonly epsilon: number;
  /** Base of the rotary frequencies. */
  readonly rotaryBase: number;
}

/** What a container may leave unsaid. */
export interface LlamaSettings {
  /** Heads of attention, where the file does not state them; safetensors never do. */
  readonly heads?: number;
  /** Default 1e-5. */
  readonly epsilon?: number;
  /** Default 10,000. */
  readonly rotaryBase?: number;
}

/** Most numbers of a model: 256 MB of them. */
const LARGEST = 64 * 1024 * 1024;

/**
 * Reads a Llama by the names of llama2.c, `transformers` or GGUF into memory.
 *
 * @throws PhalanxError `TESTING_SOURCE` for a model of another architecture (biases, experts, missing parts), of unknown heads, or of
 * more than 64 Mi numbers; what readers throw
 */
export async function readLlama(file: WeightFile, settings: LlamaSettings = {}): Promise<LlamaWeights> {
  const places = placeTensors(file);
  const total = [...file.tensors.values()].reduce((sum, tensor) => sum + countNumbers(tensor), 0);
  if (total > LARGEST) throw sourceError(`a model of ${total} numbers; at most ${LARGEST}`);
  if ([...file.tensors.keys()].some((name) => name.endsWith('.bias')))
    throw sourceError('a model with biases is no Llama');
  const read = (part: PlacedTensor['part'], layer: number | null = null) =>
    readPart(file, places, part, layer);
  const layers: LlamaLayer[] = [];
  while (places.some((place) => place.layer === layers.length)) {
    const layer = layers.length;
    layers.push({
      attentionGain: await read('attention-norm', layer),
      query: await read('query', layer),
      key: await read('key', layer),
      value: await read('value', layer),
      output: await read('output', layer),
      mlpGain: await read('mlp-norm', layer),
      gate: await read('gate', layer),
      up: await read('up', layer),
      down: await read('down', layer),
    });
  }
  const embedding = await read('embedding');
  const finalGain = await read('final-norm');
  const isUntied = places.some(({ part, layer }) => part === 'head' && layer === null);
  const query = places.find(({ part }) => part === 'query');
  return {
    sizes: measureSizes(layers, embedding, finalGain, settings.heads ?? statedHeads(file)),
    layers,
    embedding,
    finalGain,
    head: isUntied ? await read('head') : embedding,
    pairs: query?.tensor.name.includes('q_proj') ? 'halves' : 'neighbours',
    epsilon: settings.epsilon ?? 1e-5,
    rotaryBase: settings.rotaryBase ?? 10_000,
  };
}

async function readPart(
  file: WeightFile,
  places: readonly PlacedTensor[],
  part: PlacedTensor['part'],
  layer: number | null,
): Promise<Float32Array> {
  const place = places.find((one) => one.part === part && one.layer === layer);
  if (place === undefined || place.expert !== null || place.isTransposed)
    throw sourceError(`a model without ${part}${layer === null ? '' : ` in layer ${layer}`} is no Llama`);
  const [first, rows] = place.rows;
  const columns = place.tensor.shape.length === 1 ? 1 : place.tensor.shape.at(-1)!;
  return file.readNumbers(place.tensor, first * columns, rows * columns);
}

function statedHeads({ metadata }: WeightFile): number {
  const architecture = metadata.get('general.architecture') ?? '';
  return Number(metadata.get('n_heads') ?? metadata.get(`${architecture}.attention.head_count`));
}

function measureSizes(
  layers: readonly LlamaLayer[],
  embedding: Float32Array,
  finalGain: Float32Array,
  heads: number,
): LlamaSizes {
  const width = finalGain.length;
  const [first] = layers;
  if (first === undefined || !Number.isSafeInteger(heads) || heads < 1 || width % (2 * heads) !== 0)
    throw sourceError(`a model of width ${width} with ${heads} heads; state how many there are`);
  const hidden = first.gate.length / width;
  const keys = first.key.length / width;
  const keyGroups = keys / (width / heads);
  const lengths = [width, width ** 2, keys * width, keys * width, width ** 2, width];
  const networks = [hidden * width, hidden * width, hidden * width];
  const isLlama = layers.every((layer) =>
    Object.values(layer).every((values, i) => values.length === [...lengths, ...networks][i]),
  );
  if (!isLlama || !Number.isInteger(hidden) || !Number.isInteger(keyGroups) || heads % keyGroups !== 0)
    throw sourceError('matrices whose sizes are not those of a Llama');
  return { width, hidden, layers: layers.length, heads, keyGroups, vocabulary: embedding.length / width };
}
