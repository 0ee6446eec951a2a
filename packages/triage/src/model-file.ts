import { createHash } from 'node:crypto';
import { canonicalJson, concatBytes, fromUtf8, type Json, toHex, utf8 } from '@phalanx/core';
import { Prelude } from './cross-parsing.js';
import { GRAM_BITS } from './gram-vector.js';
import { GRAM_LENGTH, type GramTrie, LanguageModel } from './language-model.js';
import {
  LANGUAGE_MODEL_CHARS,
  MAX_ALPHABET,
  MAX_CATEGORIES,
  MAX_HEADER_BYTES,
  MAX_MODEL_BYTES,
  MAX_TEXTS,
  PRELUDE_CHARS,
} from './limits.js';
import { checkHeader, isModest, type ModelHeader } from './model-header.js';
import { requireModel } from './triage-error.js';
import type { TriageModel } from './triage-model.js';

const MAGIC = 'phalanx-triage-model-1\n';
const DIGEST_BYTES = 32;

/**
 * A model as a file: magic, length of the header (u32 LE), header (canonical JSON), the arrays in the order below, little
 * endian, and SHA-256 of all that. Equal models give equal bytes. The digest shows that a file is whole, not whose it is.
 */
export function encodeTriageModel(model: TriageModel): Uint8Array {
  const { members } = model;
  const arrays = [
    members.alphabet,
    members.grams.weights,
    ...[members.humanModel.trie, members.machineModel.trie].flatMap((trie) => [
      trie.symbols,
      trie.counts,
      trie.childCounts,
    ]),
    members.humanPrelude.symbols,
    members.machinePrelude.symbols,
    ...model.categories.flatMap(({ scores, familiarities }) => [scores, familiarities]),
    model.machineFamiliarities,
    model.known,
  ];
  const header: ModelHeader = {
    kind: model.kind,
    minWords: model.minWords,
    minCalibration: model.minCalibration,
    corpus: model.corpus,
    gramBias: members.grams.bias,
    styleScaling: listScaling(members.styleScaling),
    style: listLinear(members.style),
    stackScaling: listScaling(model.stackScaling),
    stack: listLinear(model.stack),
    lengthEdges: model.lengthEdges,
    categories: model.categories.map(({ name }) => name),
    lengths: arrays.map(({ length }) => length),
  };
  const json = utf8(canonicalJson(header as unknown as Json));
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, json.length, true);
  const body = concatBytes([utf8(MAGIC), size, json, ...arrays.map(toLittleEndian)]);
  return concatBytes([body, sha256(body)]);
}

/** SHA-256 of a model's bytes without its trailing digest, hexadecimal: by it two people know that they mean one model. */
export function digestOfModelFile(bytes: Uint8Array): string {
  return toHex(bytes.subarray(bytes.length - DIGEST_BYTES));
}

/**
 * Reads a model file, which may be a stranger's: every size, index and number is checked before it is used. What a model
 * says is worth what its maker's word is.
 *
 * @throws PhalanxError `TRIAGE_MODEL`
 */
export function decodeTriageModel(file: Uint8Array): TriageModel {
  // A Buffer's slices are views, and arrays must not be unaligned views.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.byteLength);
  requireModel(bytes.length <= MAX_MODEL_BYTES, `more than ${MAX_MODEL_BYTES} bytes`);
  const magic = utf8(MAGIC);
  requireModel(
    bytes.length > magic.length + 4 + DIGEST_BYTES && magic.every((byte, i) => bytes[i] === byte),
    'it does not begin as one',
  );
  const body = bytes.subarray(0, bytes.length - DIGEST_BYTES);
  requireModel(toHex(sha256(body)) === digestOfModelFile(bytes), 'its digest does not fit, so it is damaged');
  const headerBytes = new DataView(body.buffer, body.byteOffset).getUint32(magic.length, true);
  const start = magic.length + 4;
  requireModel(headerBytes <= Math.min(MAX_HEADER_BYTES, body.length - start), 'its header is too long');
  const header = checkHeader(parseJson(body.subarray(start, start + headerBytes)));
  const reader = new ArrayReader(body, start + headerBytes, header.lengths);

  const alphabet = reader.read(Uint16Array, MAX_ALPHABET - 2);
  requireModel(isAscending(alphabet, false), 'its alphabet is not ascending');
  const weights = reader.read(Float32Array, 1 << GRAM_BITS);
  requireModel(weights.length === 1 << GRAM_BITS && weights.every(isModest), 'its weights');
  const models = [0, 1].map(() => readTrie(reader, alphabet.length + 2));
  const preludes = [0, 1].map(() => {
    const symbols = reader.read(Uint16Array, 2 * PRELUDE_CHARS);
    requireModel(
      symbols.every((symbol) => symbol < alphabet.length + 2),
      'a prelude has a symbol outside its alphabet',
    );
    return new Prelude(symbols);
  });
  requireModel(header.categories.length <= MAX_CATEGORIES, 'too many categories');
  const categories = header.categories.map((name) => {
    const [scores, familiarities] = [0, 1].map(() => reader.read(Float64Array, MAX_TEXTS));
    for (const list of [scores!, familiarities!])
      requireModel(list.every(Number.isFinite) && isAscending(list, true), 'scores are not ascending');
    requireModel(scores!.length === familiarities!.length, 'a category is uneven');
    return { name, scores: scores!, familiarities: familiarities! };
  });
  const machineFamiliarities = reader.read(Float64Array, MAX_TEXTS);
  requireModel(
    machineFamiliarities.every(Number.isFinite) && isAscending(machineFamiliarities, true),
    'familiarities are not ascending',
  );
  const known = reader.read(BigUint64Array, 3 * MAX_TEXTS);
  requireModel(isAscending(known, false), 'fingerprints are not ascending');
  reader.end();
  return {
    kind: header.kind,
    minWords: header.minWords,
    minCalibration: header.minCalibration,
    corpus: header.corpus,
    members: {
      alphabet,
      grams: { weights, bias: header.gramBias },
      styleScaling: readScaling(header.styleScaling),
      style: readLinear(header.style),
      humanModel: models[0]!,
      machineModel: models[1]!,
      humanPrelude: preludes[0]!,
      machinePrelude: preludes[1]!,
    },
    stackScaling: readScaling(header.stackScaling),
    stack: readLinear(header.stack),
    lengthEdges: header.lengthEdges,
    categories,
    machineFamiliarities,
    known,
  };
}

type TypedArray = Uint16Array | Uint32Array | Float32Array | Float64Array | BigUint64Array;

/** Cuts arrays off a body, one after the other, within limits. */
class ArrayReader {
  readonly #body: Uint8Array;
  readonly #lengths: readonly number[];
  #at: number;
  #taken = 0;

  constructor(body: Uint8Array, at: number, lengths: readonly number[]) {
    this.#body = body;
    this.#at = at;
    this.#lengths = lengths;
  }

  read<T extends TypedArray>(
    Kind: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
    limit: number,
  ): T {
    const length = this.#lengths[this.#taken++] ?? -1;
    const bytes = length * Kind.BYTES_PER_ELEMENT;
    requireModel(
      length >= 0 && length <= limit && this.#at + bytes <= this.#body.length,
      'a list is too long',
    );
    const copy = this.#body.slice(this.#at, this.#at + bytes);
    this.#at += bytes;
    return new Kind(swapOnBigEndian(copy, Kind.BYTES_PER_ELEMENT).buffer as ArrayBuffer);
  }

  end(): void {
    requireModel(
      this.#at === this.#body.length && this.#taken === this.#lengths.length,
      'something is left over',
    );
  }
}

/** Levels are walked from the root: no node has two parents, none is its own ancestor, none is deeper than a gram. */
function readTrie(reader: ArrayReader, alphabetSize: number): LanguageModel {
  const limit = 1 + GRAM_LENGTH * 2 * LANGUAGE_MODEL_CHARS;
  const symbols = reader.read(Uint16Array, limit);
  const counts = reader.read(Uint32Array, limit);
  const childCounts = reader.read(Uint16Array, limit);
  const nodes = symbols.length;
  requireModel(nodes > 0 && counts.length === nodes && childCounts.length === nodes, 'a trie is uneven');
  let from = 0;
  let to = 1;
  let next = 1;
  for (let level = 0; level <= GRAM_LENGTH && from < to; level++) {
    for (let node = from; node < to; node++) {
      const end = next + childCounts[node]!;
      requireModel(end <= nodes && (level < GRAM_LENGTH || end === next), 'a trie has too few nodes');
      for (let child = next; child < end; child++)
        requireModel(
          symbols[child]! < alphabetSize &&
            counts[child]! > 0 &&
            (child === next || symbols[child]! > symbols[child - 1]!),
          'a trie is out of order',
        );
      next = end;
    }
    from = to;
    to = next;
  }
  requireModel(next === nodes, 'a trie has nodes to spare');
  const trie: GramTrie = { alphabetSize, symbols, counts, childCounts };
  return new LanguageModel(trie);
}

function isAscending(values: TypedArray, orEqual: boolean): boolean {
  for (let i = 1; i < values.length; i++)
    if (orEqual ? values[i - 1]! > values[i]! : values[i - 1]! >= values[i]!) return false;
  return true;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
}

function listScaling({ means, factors }: TriageModel['stackScaling']): ModelHeader['stackScaling'] {
  return { means: [...means], factors: [...factors] };
}

function listLinear({ weights, bias }: TriageModel['stack']): ModelHeader['stack'] {
  return { weights: [...weights], bias };
}

function readScaling({ means, factors }: ModelHeader['stackScaling']): TriageModel['stackScaling'] {
  return { means: Float64Array.from(means), factors: Float64Array.from(factors) };
}

function readLinear({ weights, bias }: ModelHeader['stack']): TriageModel['stack'] {
  return { weights: Float32Array.from(weights), bias };
}

function toLittleEndian(array: TypedArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
  return swapOnBigEndian(bytes, array.BYTES_PER_ELEMENT);
}

const BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

function swapOnBigEndian(bytes: Uint8Array, size: number): Uint8Array {
  if (BIG_ENDIAN) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest());
}
