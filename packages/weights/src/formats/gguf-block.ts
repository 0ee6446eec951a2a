import { refuse } from '../weights-error.js';
import { decodeNumbers, halfToNumber, type NumberFormat } from './number-format.js';

/** How a tensor type of ggml stores numbers: blocks of so many numbers in so many bytes (`ggml/src/ggml-common.h`). */
export interface BlockFormat {
  readonly name: string;
  readonly numbers: number;
  readonly bytes: number;
  /** One block to `numbers` floats; absent where the layout needs tables that this version does not carry. */
  readonly decode?: (block: DataView, out: Float32Array, to: number) => void;
}

const half = (block: DataView, at: number) => halfToNumber(block.getUint16(at, true));

/** 4 bits a number: low halves of 16 bytes are the first 16 numbers, high halves the others. Without a minimum 8 is zero. */
function decodeQ4(minimumAt: number | null) {
  const from = minimumAt === null ? 2 : 4;
  const zero = minimumAt === null ? 8 : 0;
  return (block: DataView, out: Float32Array, to: number): void => {
    const scale = half(block, 0);
    const minimum = minimumAt === null ? -0 : half(block, minimumAt);
    for (let i = 0; i < 16; i++) {
      const byte = block.getUint8(from + i);
      out[to + i] = scale * ((byte & 15) - zero) + minimum;
      out[to + 16 + i] = scale * ((byte >> 4) - zero) + minimum;
    }
  };
}

/** As `decodeQ4`, the fifth bits in a word of 32. */
function decodeQ5(minimumAt: number | null) {
  const highAt = minimumAt === null ? 2 : 4;
  const zero = minimumAt === null ? 16 : 0;
  return (block: DataView, out: Float32Array, to: number): void => {
    const scale = half(block, 0);
    const minimum = minimumAt === null ? -0 : half(block, minimumAt);
    const high = block.getUint32(highAt, true);
    for (let i = 0; i < 16; i++) {
      const byte = block.getUint8(highAt + 4 + i);
      out[to + i] = scale * (((byte & 15) | (((high >>> i) & 1) << 4)) - zero) + minimum;
      out[to + 16 + i] = scale * (((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) - zero) + minimum;
    }
  };
}

function decodeQ8(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 0);
  for (let i = 0; i < 32; i++) out[to + i] = scale * block.getInt8(2 + i);
}

/** 6-bit scale and minimum of sub-block `j` (0 to 7) out of the 12 bytes from `at`. */
function readScaleAndMinimum(block: DataView, at: number, j: number): [scale: number, minimum: number] {
  const byte = (i: number) => block.getUint8(at + i);
  if (j < 4) return [byte(j) & 63, byte(j + 4) & 63];
  return [(byte(j + 4) & 15) | ((byte(j - 4) >> 6) << 4), (byte(j + 4) >> 4) | ((byte(j) >> 6) << 4)];
}

function decodeQ2K(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 80);
  const minimum = half(block, 82);
  for (let n = 0; n < 256; n++) {
    const half128 = n >> 7;
    const shift = ((n >> 5) & 3) * 2;
    const scales = block.getUint8(n >> 4);
    const q = (block.getUint8(16 + half128 * 32 + (n & 31)) >> shift) & 3;
    out[to + n] = scale * (scales & 15) * q - minimum * (scales >> 4);
  }
}

function decodeQ3K(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 108);
  for (let n = 0; n < 256; n++) {
    const group = n >> 4;
    const low = (block.getUint8(96 + (group & 7)) >> (group < 8 ? 0 : 4)) & 15;
    const high = (block.getUint8(104 + (group & 3)) >> ((group >> 2) * 2)) & 3;
    const q = (block.getUint8(32 + (n >> 7) * 32 + (n & 31)) >> (((n >> 5) & 3) * 2)) & 3;
    const hasHigh = (block.getUint8(n & 31) >> (n >> 5)) & 1;
    out[to + n] = scale * ((low | (high << 4)) - 32) * (q - (hasHigh ? 0 : 4));
  }
}

function decodeQ4K(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 0);
  const minimum = half(block, 2);
  for (let j = 0; j < 8; j++) {
    const [s, m] = readScaleAndMinimum(block, 4, j);
    for (let i = 0; i < 32; i++) {
      const q = (block.getUint8(16 + (j >> 1) * 32 + i) >> ((j & 1) * 4)) & 15;
      out[to + j * 32 + i] = scale * s * q - minimum * m;
    }
  }
}

function decodeQ5K(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 0);
  const minimum = half(block, 2);
  for (let j = 0; j < 8; j++) {
    const [s, m] = readScaleAndMinimum(block, 4, j);
    for (let i = 0; i < 32; i++) {
      const low = (block.getUint8(48 + (j >> 1) * 32 + i) >> ((j & 1) * 4)) & 15;
      const high = (block.getUint8(16 + i) >> j) & 1;
      out[to + j * 32 + i] = scale * s * (low | (high << 4)) - minimum * m;
    }
  }
}

function decodeQ6K(block: DataView, out: Float32Array, to: number): void {
  const scale = half(block, 208);
  for (let n = 0; n < 256; n++) {
    const part = n >> 7;
    const lane = n & 31;
    const quarter = (n >> 5) & 3;
    const low = (block.getUint8(part * 64 + (quarter & 1) * 32 + lane) >> (quarter >> 1 ? 4 : 0)) & 15;
    const high = (block.getUint8(128 + part * 32 + lane) >> (quarter * 2)) & 3;
    out[to + n] = scale * block.getInt8(192 + (n >> 4)) * ((low | (high << 4)) - 32);
  }
}

function decodeQ8K(block: DataView, out: Float32Array, to: number): void {
  const scale = block.getFloat32(0, true);
  for (let i = 0; i < 256; i++) out[to + i] = scale * block.getInt8(4 + i);
}

const plain = (name: NumberFormat, bytes: number): BlockFormat => ({
  name,
  numbers: 1,
  bytes,
  decode: (block, out, to) => {
    out[to] = decodeNumbers(name, new Uint8Array(block.buffer, block.byteOffset, bytes))[0]!;
  },
});

/** Tensor types by their number in a file. */
export const BLOCK_FORMATS: ReadonlyMap<number, BlockFormat> = new Map<number, BlockFormat>([
  [0, plain('F32', 4)],
  [1, plain('F16', 2)],
  [2, { name: 'Q4_0', numbers: 32, bytes: 18, decode: decodeQ4(null) }],
  [3, { name: 'Q4_1', numbers: 32, bytes: 20, decode: decodeQ4(2) }],
  [6, { name: 'Q5_0', numbers: 32, bytes: 22, decode: decodeQ5(null) }],
  [7, { name: 'Q5_1', numbers: 32, bytes: 24, decode: decodeQ5(2) }],
  [8, { name: 'Q8_0', numbers: 32, bytes: 34, decode: decodeQ8 }],
  [10, { name: 'Q2_K', numbers: 256, bytes: 84, decode: decodeQ2K }],
  [11, { name: 'Q3_K', numbers: 256, bytes: 110, decode: decodeQ3K }],
  [12, { name: 'Q4_K', numbers: 256, bytes: 144, decode: decodeQ4K }],
  [13, { name: 'Q5_K', numbers: 256, bytes: 176, decode: decodeQ5K }],
  [14, { name: 'Q6_K', numbers: 256, bytes: 210, decode: decodeQ6K }],
  [15, { name: 'Q8_K', numbers: 256, bytes: 292, decode: decodeQ8K }],
  [16, { name: 'IQ2_XXS', numbers: 256, bytes: 66 }],
  [17, { name: 'IQ2_XS', numbers: 256, bytes: 74 }],
  [18, { name: 'IQ3_XXS', numbers: 256, bytes: 98 }],
  [19, { name: 'IQ1_S', numbers: 256, bytes: 50 }],
  [20, { name: 'IQ4_NL', numbers: 32, bytes: 18 }],
  [21, { name: 'IQ3_S', numbers: 256, bytes: 110 }],
  [22, { name: 'IQ2_S', numbers: 256, bytes: 82 }],
  [23, { name: 'IQ4_XS', numbers: 256, bytes: 136 }],
  [24, plain('I8', 1)],
  [25, plain('I16', 2)],
  [26, plain('I32', 4)],
  [27, plain('I64', 8)],
  [28, plain('F64', 8)],
  [29, { name: 'IQ1_M', numbers: 256, bytes: 56 }],
  [30, plain('BF16', 2)],
  [34, { name: 'TQ1_0', numbers: 256, bytes: 54 }],
  [35, { name: 'TQ2_0', numbers: 256, bytes: 66 }],
  [39, { name: 'MXFP4', numbers: 32, bytes: 17 }],
]);

const byName = new Map([...BLOCK_FORMATS.values()].map((format) => [format.name, format]));

/** @throws PhalanxError `WEIGHTS_ARGUMENT` for a name that no type has */
export function findBlockFormat(name: string): BlockFormat {
  return byName.get(name) ?? refuse('WEIGHTS_ARGUMENT', `no tensor type ${name}`);
}

/** Whole blocks to floats. @throws PhalanxError `WEIGHTS_ARGUMENT` for a type that is not decoded */
export function decodeBlocks(format: BlockFormat, bytes: Uint8Array): Float32Array {
  if (format.decode === undefined) return refuse('WEIGHTS_ARGUMENT', `${format.name} is not decoded`);
  if (format.numbers === 1) return decodeNumbers(format.name as NumberFormat, bytes);
  const blocks = Math.floor(bytes.length / format.bytes);
  const out = new Float32Array(blocks * format.numbers);
  for (let i = 0; i < blocks; i++)
    format.decode(
      new DataView(bytes.buffer, bytes.byteOffset + i * format.bytes, format.bytes),
      out,
      i * format.numbers,
    );
  return out;
}
