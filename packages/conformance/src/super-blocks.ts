import { encodeNumbers } from '@phalanx/weights';

const [BLOCK, SUB, BYTES] = [256, 32, 144];

/**
 * Numbers as Q4_K of ggml: 256 in eight groups of 32, each number q of 15 steps from a minimum, q d s - e m with s and m of six bits a
 * group. Scales span each group; ggml's own search for better ones loses less.
 */
export function encodeSuperBlocks(numbers: Float32Array): Uint8Array {
  const out = new Uint8Array((numbers.length / BLOCK) * BYTES);
  for (let i = 0; i * BLOCK < numbers.length; i++)
    encodeOne(numbers.subarray(i * BLOCK, (i + 1) * BLOCK), out.subarray(i * BYTES, (i + 1) * BYTES));
  return out;
}

function encodeOne(numbers: Float32Array, block: Uint8Array): void {
  const groups = Array.from({ length: BLOCK / SUB }, (_, i) => numbers.subarray(i * SUB, (i + 1) * SUB));
  const lows = groups.map((group) => Math.max(0, -Math.min(...group)));
  const steps = groups.map((group, i) => (Math.max(...group) + lows[i]!) / 15);
  const [d, e] = [Math.max(...steps) / 63, Math.max(...lows) / 63];
  const s = steps.map((step) => (d > 0 ? Math.round(step / d) : 0));
  const m = lows.map((low) => (e > 0 ? Math.round(low / e) : 0));
  block.set(encodeNumbers('F16', Float32Array.of(d, e)));
  for (let j = 0; j < 4; j++) {
    block[4 + j] = s[j]! | ((s[j + 4]! >> 4) << 6);
    block[8 + j] = m[j]! | ((m[j + 4]! >> 4) << 6);
    block[12 + j] = (s[j + 4]! & 15) | ((m[j + 4]! & 15) << 4);
  }
  for (const [i, group] of groups.entries())
    for (let k = 0; k < SUB; k++) {
      const step = d * s[i]!;
      const q = step > 0 ? Math.min(15, Math.max(0, Math.round((group[k]! + e * m[i]!) / step))) : 0;
      block[16 + (i >> 1) * SUB + k]! |= i % 2 === 0 ? q : q << 4;
    }
}
