import { refuse, requireFormat, requireWithin } from '../weights-error.js';
import type { ByteSource } from './byte-source.js';
import {
  type ExternalOpener,
  readEntry,
  readOnnxTensor,
  requireBytes,
  requireVarint,
} from './onnx-tensor.js';
import { readPlainNumbers } from './plain-numbers.js';
import { type ProtobufField, ProtobufReader } from './protobuf-reader.js';
import type { Tensor, WeightFile } from './weight-file.js';
import type { WeightFolder } from './weight-folder.js';

/** What a model may ask for. A protocol buffer has less than 2 GiB; larger models keep their tensors in other files. */
export const ONNX_LIMITS = {
  modelBytes: 2 ** 31 - 1,
  fields: 20_000_000,
  tensors: 500_000,
  graphDepth: 16,
  /** Of all names together: a long prefix over many tensors would multiply. */
  nameLength: 50_000_000,
  externalFiles: 1_000,
} as const;

const MAX_TEXT = 64 * 1024;

/**
 * Opens an ONNX model (`onnx/onnx.proto3`): initialisers of its graph and of graphs inside nodes (If, Loop), and values of
 * `Constant` nodes. A tensor of an inner graph is named by its node and attribute first: `If_0.then_branch/weight`; a constant by
 * its node's output. Texts, sparse tensors, training information and functions are left out.
 *
 * Tensors in other files are read where `folder` lets them be: beside the model or below, by no other path.
 *
 * @param folder of the model; without it a model that names other files is refused
 * @throws PhalanxError `WEIGHTS_FORMAT`, `WEIGHTS_LIMIT`, and what the sources throw
 */
export async function openOnnx(source: ByteSource, folder: WeightFolder | null = null): Promise<WeightFile> {
  requireWithin(source.sizeBytes <= ONNX_LIMITS.modelBytes, `a model of ${source.sizeBytes} bytes`);
  const external = new ExternalFiles(folder);
  const walk = new OnnxWalk(source, external.open);
  try {
    await walk.readModel();
  } catch (error) {
    await external.close();
    throw error;
  }
  return {
    container: 'onnx',
    tensors: walk.tensors,
    metadata: walk.metadata,
    get bytesRead() {
      return source.bytesRead + external.bytesRead;
    },
    readNumbers: readPlainNumbers,
    close: async () => {
      await external.close();
      await source.close();
    },
  };
}

/** The files that tensors lie in, each opened once. */
class ExternalFiles {
  readonly #folder: WeightFolder | null;
  readonly #files = new Map<string, ByteSource>();

  constructor(folder: WeightFolder | null) {
    this.#folder = folder;
  }

  readonly open: ExternalOpener = async (location) => {
    const known = this.#files.get(location);
    if (known !== undefined) return known;
    requireWithin(
      this.#files.size < ONNX_LIMITS.externalFiles,
      `more than ${ONNX_LIMITS.externalFiles} files`,
    );
    if (this.#folder === null) return refuse('WEIGHTS_FORMAT', 'a model that names other files');
    // Writers of ONNX allow `./` before the name.
    const file = await this.#folder.open(location.replace(/^\.\//, ''));
    this.#files.set(location, file);
    return file;
  };

  get bytesRead(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.bytesRead, 0);
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}

class OnnxWalk {
  readonly tensors = new Map<string, Tensor>();
  readonly metadata = new Map<string, string>();
  readonly #source: ByteSource;
  readonly #reader: ProtobufReader;
  readonly #openExternal: ExternalOpener;
  #nameLength = 0;

  constructor(source: ByteSource, openExternal: ExternalOpener) {
    this.#source = source;
    this.#reader = new ProtobufReader(source, ONNX_LIMITS.fields);
    this.#openExternal = openExternal;
  }

  async readModel(): Promise<void> {
    let graphs = 0;
    const props = new Map<string, string>();
    for await (const field of this.#reader.fields(0, this.#source.sizeBytes)) {
      if (field.number === 1) this.#addMetadata('onnx.ir_version', String(requireVarint(field)));
      else if (field.number === 2) this.#addMetadata('onnx.producer_name', await this.#text(field));
      else if (field.number === 3) this.#addMetadata('onnx.producer_version', await this.#text(field));
      else if (field.number === 4) this.#addMetadata('onnx.domain', await this.#text(field));
      else if (field.number === 5) this.#addMetadata('onnx.model_version', String(requireVarint(field)));
      else if (field.number === 8) await this.#readOperatorSet(requireBytes(field));
      else if (field.number === 14) await readEntry(this.#reader, requireBytes(field), props);
      else if (field.number === 7) {
        requireFormat(++graphs === 1, 'a model of two graphs');
        await this.#readGraph(requireBytes(field), '', 0);
      }
    }
    requireFormat(graphs === 1, 'a model without a graph');
    for (const [key, value] of props) this.#addMetadata(key, value);
  }

  #addMetadata(key: string, value: string): void {
    requireFormat(!this.metadata.has(key), 'a key of metadata stands twice');
    this.metadata.set(key, value);
  }

  #text(field: ProtobufField): Promise<string> {
    return this.#reader.text(field, MAX_TEXT);
  }

  async #readOperatorSet({ start, end }: ProtobufField): Promise<void> {
    let domain = '';
    let version = 0n;
    for await (const field of this.#reader.fields(start, end))
      if (field.number === 1) domain = await this.#text(field);
      else if (field.number === 2) version = requireVarint(field);
    requireWithin(this.metadata.size < 10_000, 'more than 10,000 entries of metadata');
    this.#addMetadata(`onnx.opset.${domain === '' ? 'ai.onnx' : domain}`, String(version));
  }

  async #readGraph({ start, end }: ProtobufField, prefix: string, depth: number): Promise<void> {
    requireWithin(depth < ONNX_LIMITS.graphDepth, 'graphs in graphs');
    requireWithin(prefix.length <= 10_000, 'a name of more than 10,000 characters');
    for await (const field of this.#reader.fields(start, end))
      if (field.number === 5) await this.#addTensor(requireBytes(field), (name) => `${prefix}${name}`);
      else if (field.number === 1) await this.#readNode(requireBytes(field), prefix, depth);
  }

  async #readNode({ start, end }: ProtobufField, prefix: string, depth: number): Promise<void> {
    const node = { name: '', output: '', operator: '' };
    const attributes: ProtobufField[] = [];
    for await (const field of this.#reader.fields(start, end))
      if (field.number === 2 && node.output === '') node.output = await this.#text(field);
      else if (field.number === 3) node.name = await this.#text(field);
      else if (field.number === 4) node.operator = await this.#text(field);
      else if (field.number === 5) attributes.push(requireBytes(field));
    for (const attribute of attributes) {
      const { name, tensors, graphs } = await this.#readAttribute(attribute);
      const inner = `${prefix}${node.name || node.output}.${name}`;
      if (node.operator === 'Constant' && name === 'value')
        for (const tensor of tensors) await this.#addTensor(tensor, () => `${prefix}${node.output}`);
      for (const [i, graph] of graphs.entries())
        await this.#readGraph(graph, i === 0 ? `${inner}/` : `${inner}.${i}/`, depth + 1);
    }
  }

  async #readAttribute({ start, end }: ProtobufField) {
    let name = '';
    const tensors: ProtobufField[] = [];
    const graphs: ProtobufField[] = [];
    for await (const field of this.#reader.fields(start, end))
      if (field.number === 1) name = await this.#text(field);
      else if (field.number === 5) tensors.push(requireBytes(field));
      else if (field.number === 6 || field.number === 11) graphs.push(requireBytes(field));
    return { name, tensors, graphs };
  }

  async #addTensor(message: ProtobufField, nameAs: (name: string) => string): Promise<void> {
    const tensor = await readOnnxTensor(this.#reader, this.#source, message, nameAs, this.#openExternal);
    if (tensor === null) return;
    this.#nameLength += tensor.name.length;
    requireWithin(this.#nameLength <= ONNX_LIMITS.nameLength, 'names that are too long together');
    requireFormat(!this.tensors.has(tensor.name), 'two tensors of one name');
    requireWithin(this.tensors.size < ONNX_LIMITS.tensors, `more than ${ONNX_LIMITS.tensors} tensors`);
    this.tensors.set(tensor.name, tensor);
  }
}
