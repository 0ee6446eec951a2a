import { refuse } from '../weights-error.js';
import { deriveStreamKey, drawKeyStream } from './key-stream.js';
import { deriveMarkUse, type MarkedTensor, type MarkKey } from './mark-key.js';

/** Numbers of a run: the key stream has 8 bytes for each, a quarter of their own in bfloat16. */
export const RUN = 16;
const RUN_BYTES = 8;

/** Formats whose numbers carry marks. */
export const CARRIER_FORMATS = ['BF16', 'F16', 'F32'] as const;
export type CarrierFormat = (typeof CARRIER_FORMATS)[number];

/** Which numbers of one tensor carry which position of the code, and with which sign. Random access, by runs. */
export interface CarrierStream {
  readonly tensor: MarkedTensor;
  /**
   * Key stream of `count` runs from an even one. Run r has, little-endian: 16 bits that are below `share` where it carries marks, 16 bits of
   * signs (the lowest for its first number; 1 is +), 32 bits whose lowest name the position of its first number. Its numbers have
   * positions one after another, around the end.
   */
  read(firstRun: number, count: number): Uint16Array;
}

/** @throws PhalanxError `WEIGHTS_ARGUMENT` for a tensor without marks under this key */
export function openCarriers({ secret, tensors }: MarkKey, name: string): CarrierStream {
  const tensor = tensors.find((one) => one.name === name);
  if (tensor === undefined) return refuse('WEIGHTS_ARGUMENT', 'a tensor without marks');
  const key = deriveStreamKey(deriveMarkUse(secret, 'carriers'), name);
  return {
    tensor,
    read: (firstRun, count) => {
      const bytes = drawKeyStream(key, firstRun * RUN_BYTES, count * RUN_BYTES);
      return new Uint16Array(bytes.buffer);
    },
  };
}

/** Magnitudes that carry marks, as bits of 32-bit floats: above `above`, below `below`. */
export interface CarrierRange {
  readonly above: number;
  readonly below: number;
}

/** Largest number of steps between a carrier and the ends of the normal numbers of its format. */
const NORMALS = {
  BF16: [0x0080_0000, 0x7f80_0000],
  F32: [0x0080_0000, 0x7f80_0000],
  // 2^-14 and 65,536.
  F16: [0x3880_0000, 0x4780_0000],
} as const satisfies Record<CarrierFormat, readonly [number, number]>;

/**
 * Numbers above the threshold that stay normal and finite with a mark of either sign. A mark moves the magnitude by `amplitude` times
 * 2^16 in the bits of a 32-bit float: units of the last place of bfloat16, whatever the format.
 */
export function findCarrierRange(format: CarrierFormat, threshold: number, amplitude: number): CarrierRange {
  const [low, high] = NORMALS[format];
  const step = amplitude * 0x1_0000;
  const bits = new Uint32Array(Float32Array.of(threshold).buffer)[0]!;
  return { above: Math.max(bits, low + step - 1), below: high - step };
}

export function isCarrierFormat(format: string): format is CarrierFormat {
  return (CARRIER_FORMATS as readonly string[]).includes(format);
}
