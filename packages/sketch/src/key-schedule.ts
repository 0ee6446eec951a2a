import { hkdfSync } from 'node:crypto';

/** Bytes of key material; kernel/layout.as.ts names the offsets. */
export const KEY_MATERIAL_BYTES = 1280;

const INFO = 'phalanx/template-fingerprint/1';

/** Key of the benchmark hash. Public on purpose: an index of public passages must be the same for everyone. */
export const PUBLIC_BENCHMARK_KEY: Uint8Array = new TextEncoder().encode('phalanx public benchmark key, v1');

/** Byte ranges whose integers are multipliers and therefore made odd: [from, to) in steps of `width`. */
const MULTIPLIERS = [
  { from: 56, to: 80, width: 8 },
  { from: 80, to: 104, width: 8 },
  { from: 112, to: 120, width: 8 },
  { from: 128, to: 512, width: 4 },
] as const;

/**
 * Expands a sketch key into the kernel's key material by HKDF-SHA-256 (RFC 5869), empty salt, info
 * "phalanx/template-fingerprint/1", 1280 bytes; then sets the lowest bit of every multiplier, because only odd numbers
 * permute the integers modulo a power of two. Layout (little-endian): docs/spec/template-fingerprint.md, section 3.
 */
export function expandKey(key: Uint8Array): Uint8Array {
  const material = new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), INFO, KEY_MATERIAL_BYTES));
  for (const { from, to, width } of MULTIPLIERS)
    for (let at = from; at < to; at += width) material[at] = material[at]! | 1;
  return material;
}
