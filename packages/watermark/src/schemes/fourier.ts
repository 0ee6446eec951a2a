/**
 * Discrete Fourier transform in place, radix 2: `re`, `im` of one length, a power of two. Not scaled; `inverse` takes
 * the other sign, and divides by the length. Error about 1e-16 * log2(length) of the root of the sum of squares.
 */
export function transform(re: Float64Array, im: Float64Array, inverse: boolean): void {
  const size = re.length;
  permute(re, im);
  const { cos, sin } = rootsOf(size);
  const sign = inverse ? 1 : -1;
  for (let half = 1; half < size; half <<= 1) {
    const stride = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half)
      for (let j = 0, root = 0; j < half; j++, root += stride) {
        const a = start + j;
        const b = a + half;
        const wr = cos[root]!;
        const wi = sign * sin[root]!;
        const tr = re[b]! * wr - im[b]! * wi;
        const ti = re[b]! * wi + im[b]! * wr;
        re[b] = re[a]! - tr;
        im[b] = im[a]! - ti;
        re[a]! += tr;
        im[a]! += ti;
      }
  }
  if (!inverse) return;
  for (let i = 0; i < size; i++) {
    re[i]! /= size;
    im[i]! /= size;
  }
}

interface Roots {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}
let last: Roots | null = null;

function rootsOf(size: number): Roots {
  const half = Math.max(1, size / 2);
  if (last?.cos.length !== half) {
    last = {
      cos: Float64Array.from({ length: half }, (_, i) => Math.cos((2 * Math.PI * i) / size)),
      sin: Float64Array.from({ length: half }, (_, i) => Math.sin((2 * Math.PI * i) / size)),
    };
  }
  return last;
}

function permute(re: Float64Array, im: Float64Array): void {
  for (let i = 1, j = 0; i < re.length; i++) {
    let bit = re.length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
}
