// Unkeyed 8-word shingles, one in eight of them sampled by its own hash, against an open-addressed table.

import { BENCHMARK, JOINED, PUBLIC_KEYS, SHINGLES, WORD_SEEDS, WORDS } from './layout.as';

const WIDTH: i32 = 8;
let slotMask: u32 = 0;
export let benchmarkSlots: u32 = 0;

export function openBenchmark(slots: u32): void {
  benchmarkSlots = slots;
  slotMask = slots - 1;
}

export function addBenchmark(hash: u64): void {
  let slot = <u32>(hash >> 32) & slotMask;
  while (load<u64>(BENCHMARK + (<usize>slot << 3)) != 0) slot = (slot + 1) & slotMask;
  store<u64>(BENCHMARK + (<usize>slot << 3), hash);
}

function hasBenchmark(hash: u64): bool {
  let slot = <u32>(hash >> 32) & slotMask;
  while (true) {
    const stored = load<u64>(BENCHMARK + (<usize>slot << 3));
    if (stored == hash) return true;
    if (stored == 0) return false;
    slot = (slot + 1) & slotMask;
  }
}

/** Samples the shingles of the `count` public word hashes in WORDS into SHINGLES as u64; returns how many. */
export function sampleShingles(count: i32): i32 {
  const mix = load<u64>(PUBLIC_KEYS + WORD_SEEDS, 16);
  const base = load<u64>(PUBLIC_KEYS + WORD_SEEDS, 24);
  const base2 = base * base;
  const base4 = base2 * base2;
  const base8 = base4 * base4;
  let rolling: u64 = 0;
  let to = SHINGLES;
  for (let i = 0; i < count; i++) {
    rolling = rolling * base + load<u64>(WORDS + (<usize>i << 3));
    if (i >= WIDTH) rolling -= base8 * load<u64>(WORDS + (<usize>(i - WIDTH) << 3));
    if (i < WIDTH - 1) continue;
    let h = (rolling ^ (rolling >> 32)) * mix;
    h ^= h >> 29;
    if ((h & 7) == 0 && h != 0) {
      store<u64>(to, h);
      to += 8;
    }
  }
  return <i32>((to - SHINGLES) >> 3);
}

/** How many of the first `sampled` hashes in SHINGLES are in the table. */
export function countHits(sampled: i32): i32 {
  let hits = 0;
  for (let i = 0; i < sampled; i++) if (hasBenchmark(load<u64>(SHINGLES + (<usize>i << 3)))) hits++;
  return hits;
}
