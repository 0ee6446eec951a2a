import { refuse } from '../weights-error.js';
import { NUMBER_BITS } from './number-format.js';
import { MAX_SAFETENSORS_HEADER } from './safetensors.js';
import { checkNames, measureNumbers, type WrittenTensor, writeChunks } from './written-tensor.js';

/** Formats in the order of the reference's enumeration, which its files are sorted by. */
const ORDER = Object.keys(NUMBER_BITS);

/**
 * A safetensors file, a piece at a time: the header first, then the tensors, each asked for its bytes when it is its turn. The order is
 * that of the reference (`prepare` in `safetensors/src/tensor.rs`): wider formats first, then names by their UTF-8 bytes; the header is
 * filled with spaces to a multiple of eight. With at most one entry of metadata the bytes are those that the reference writes.
 *
 * @throws PhalanxError `WEIGHTS_ARGUMENT` for two tensors of one name, one named `__metadata__`, sizes that are none, or a tensor that
 * gives another number of bytes than its shape says
 */
export async function* writeSafetensors(
  tensors: readonly WrittenTensor[],
  metadata: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<Uint8Array> {
  const sorted = tensors
    .map((tensor) => ({ tensor, sizeBytes: measureNumbers(tensor), key: Buffer.from(tensor.name) }))
    .sort(
      (a, b) =>
        ORDER.indexOf(b.tensor.format) - ORDER.indexOf(a.tensor.format) || Buffer.compare(a.key, b.key),
    );
  const members: string[] = [];
  if (metadata.size > 0) members.push(`"__metadata__":${writeTexts(metadata)}`);
  checkNames(tensors, (name) => name !== '__metadata__');
  let at = 0;
  for (const { tensor, sizeBytes } of sorted) {
    const { name, format: dtype, shape } = tensor;
    members.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, at + sizeBytes] })}`,
    );
    at += sizeBytes;
  }
  yield writeHeader(`{${members.join(',')}}`);
  for (const { tensor, sizeBytes } of sorted) yield* writeChunks(tensor, sizeBytes);
}

function writeHeader(json: string): Uint8Array {
  const text = Buffer.from(json);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_SAFETENSORS_HEADER) return refuse('WEIGHTS_ARGUMENT', `a header of ${length} bytes`);
  const out = new Uint8Array(8 + length).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(text, 8);
  return out;
}

function writeTexts(texts: ReadonlyMap<string, string>): string {
  return `{${[...texts].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
}
