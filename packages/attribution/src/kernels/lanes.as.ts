// Joins response sketches of a data set ("entries") with stored ones, a chunk of stored rows at a time. Where things lie
// is the host's choice (lane-index.ts): the kernel is told addresses and keeps nothing but them.
//
// A band is three of the 32 lanes; its key is their 24 bits. Per band: a bitmap of the keys that entries have, and the
// entries sorted by key in buckets of equal high bits. A posting is the low bits of the key (at most 8) above the number of
// the entry (24 bits). A stored row looks its key up; entries with that very key are compared in all lanes.

/** A posting that no longer counts. */
const NONE: u32 = 0xffffffff;
const ENTRY_BITS: u32 = 24;
const ENTRY_MASK: u32 = 0xffffff;
const BITMAP_BYTES: usize = 1 << 21;

let lanes: usize = 0;
let hashes: usize = 0;
let flags: usize = 0;
let counters: usize = 0;
let masks: usize = 0;
let table: usize = 0;
let tableMask: u32 = 0;
let histogram: usize = 0;
let firstDecoy: u32 = 0;
let threshold: u32 = 0;
let cap: u32 = 0;
let shift: u32 = 0;
let chunkLanes: usize = 0;
let chunkHashes: usize = 0;
let columns: usize = 0;
let keyed: usize = 0;
/** Matches: pairs of u32, row of the chunk and (equal lanes << 24 | entry). */
let out: usize = 0;

/** Entries: lanes of 32 bytes, hashes of 8, flags of 1 (bit 0: missing in a band, 1: its hash was found), counters of 2, the masks of the bands of 4. */
export function setEntries(lanes_: usize, hashes_: usize, flags_: usize, counters_: usize, masks_: usize): void {
  lanes = lanes_;
  hashes = hashes_;
  flags = flags_;
  counters = counters_;
  masks = masks_;
}

/** A table of u32 (entry + 1) by the low bits of an entry's hash; 64-bit counts of decoy comparisons by equal lanes, 33. */
export function setTables(table_: usize, tableMask_: u32, histogram_: usize, firstDecoy_: u32): void {
  table = table_;
  tableMask = tableMask_;
  histogram = histogram_;
  firstDecoy = firstDecoy_;
}

/** An entry is reported at most `cap` times. `shift`: low bits of a key that a posting carries. */
export function setRule(threshold_: u32, cap_: u32, shift_: u32): void {
  threshold = threshold_;
  cap = cap_;
  shift = shift_;
}

export function setChunk(lanes_: usize, hashes_: usize, columns_: usize, keyed_: usize, out_: usize): void {
  chunkLanes = lanes_;
  chunkHashes = hashes_;
  columns = columns_;
  keyed = keyed_;
  out = out_;
}

// @ts-ignore: decorator
@inline
function keyOf(at: usize, i: usize, j: usize, k: usize): u32 {
  return <u32>load<u8>(at + i) | (<u32>load<u8>(at + j) << 8) | (<u32>load<u8>(at + k) << 16);
}

/**
 * Sorts the entries into a band. `offsets` has one u32 a bucket and one more. A bucket of more than `crowd` entries, texts of
 * one template, is emptied, and its entries are flagged. Returns the postings lost.
 */
export function buildBand(bitmap: usize, offsets: usize, postings: usize, i: usize, j: usize, k: usize, count: u32, crowd: u32): u32 {
  const buckets = (<usize>1 << ENTRY_BITS) >> shift;
  const tag: u32 = (1 << shift) - 1;
  memory.fill(bitmap, 0, BITMAP_BYTES);
  memory.fill(offsets, 0, (buckets + 1) << 2);
  for (let e: u32 = 0; e < count; e++) {
    const key = keyOf(lanes + (<usize>e << 5), i, j, k);
    const at = offsets + (<usize>(key >> shift) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let sum: u32 = 0;
  for (let b: usize = 0; b <= buckets; b++) {
    const at = offsets + (b << 2);
    const size = load<u32>(at);
    store<u32>(at, sum);
    sum += size;
  }
  for (let e: u32 = 0; e < count; e++) {
    const key = keyOf(lanes + (<usize>e << 5), i, j, k);
    const at = offsets + (<usize>(key >> shift) << 2);
    const to = load<u32>(at);
    store<u32>(postings + (<usize>to << 2), ((key & tag) << ENTRY_BITS) | e);
    store<u32>(at, to + 1);
    const bit = bitmap + <usize>(key >> 3);
    store<u8>(bit, <u32>load<u8>(bit) | (1 << (key & 7)));
  }
  // Every offset has moved to the end of its bucket, which is the begin of the next.
  let lost: u32 = 0;
  let begin: u32 = 0;
  for (let b: usize = 0; b < buckets; b++) {
    const at = offsets + (b << 2);
    const end = load<u32>(at);
    store<u32>(at, begin);
    if (end - begin > crowd) {
      for (let p = begin; p < end; p++) {
        const posting = postings + (<usize>p << 2);
        store<u8>(flags + <usize>(load<u32>(posting) & ENTRY_MASK), 1);
        store<u32>(posting, NONE);
      }
      lost += end - begin;
    }
    begin = end;
  }
  return lost;
}

/** Transposes rows of 32 lanes into 32 columns of `stride` bytes. */
export function transpose(rows: u32, stride: usize): void {
  for (let lane: usize = 0; lane < 32; lane++) {
    const column = columns + lane * stride;
    for (let row: usize = 0; row < <usize>rows; row++) store<u8>(column + row, load<u8>(chunkLanes + (row << 5) + lane));
  }
}

function isFirst(mask: u32, band: u32): bool {
  for (let b: u32 = 0; b < band; b++) {
    const m = load<u32>(masks + (<usize>b << 2));
    if ((mask & m) == m) return false;
  }
  return true;
}

/** Counts a report of an entry; false when it has had its share. */
function take(entry: u32): bool {
  const counter = counters + (<usize>entry << 1);
  const reported = <u32>load<u16>(counter);
  if (reported >= cap) return false;
  store<u16>(counter, reported + 1);
  return true;
}

/**
 * Looks rows [from, to) of the chunk up in a band, whose lanes are the columns at `i`, `j` and `k`, and returns how many matches
 * it wrote to `out`. `keyed` holds 16 bytes a row, `out` 8 bytes a row for every entry that a bucket may have.
 *
 * In stages, each a loop without a branch that depends on what it loads: a processor then has dozens of loads under way at
 * once, where looking up row by row waits for one after the other (4 times as long, measured at 1 million entries).
 */
export function matchBand(bitmap: usize, offsets: usize, postings: usize, i: usize, j: usize, k: usize, band: u32, from: u32, to: u32): u32 {
  const tag: u32 = (1 << shift) - 1;
  let known: u32 = 0;
  for (let row = from; row < to; row++) {
    const at = <usize>row;
    const key = <u32>load<u8>(i + at) | (<u32>load<u8>(j + at) << 8) | (<u32>load<u8>(k + at) << 16);
    const cell = keyed + (<usize>known << 4);
    store<u32>(cell, row);
    store<u32>(cell, key, 4);
    known += (<u32>load<u8>(bitmap + <usize>(key >> 3)) >> (key & 7)) & 1;
  }
  for (let n: u32 = 0; n < known; n++) {
    const cell = keyed + (<usize>n << 4);
    store<u64>(cell, load<u64>(offsets + (<usize>(load<u32>(cell, 4) >> shift) << 2)), 8);
  }
  let pairs: u32 = 0;
  for (let n: u32 = 0; n < known; n++) {
    const cell = keyed + (<usize>n << 4);
    const row = load<u32>(cell);
    const wanted = load<u32>(cell, 4) & tag;
    const end = load<u32>(cell, 12);
    for (let p = load<u32>(cell, 8); p < end; p++) {
      const posting = load<u32>(postings + (<usize>p << 2));
      const pair = out + (<usize>pairs << 3);
      store<u32>(pair, row);
      store<u32>(pair, p, 4);
      pairs += <u32>(posting >> ENTRY_BITS == wanted) & <u32>(posting != NONE);
    }
  }
  let close: u32 = 0;
  for (let n: u32 = 0; n < pairs; n++) {
    const pair = out + (<usize>n << 3);
    const row = load<u32>(pair);
    const p = load<u32>(pair, 4);
    const entry = load<u32>(postings + (<usize>p << 2)) & ENTRY_MASK;
    const equal = popcnt<u32>(equalLanes(row, entry));
    const cell = histogram + (<usize>equal << 3);
    store<u64>(cell, load<u64>(cell) + <u64>(entry >= firstDecoy));
    const kept = out + (<usize>close << 3);
    store<u32>(kept, row);
    store<u32>(kept, p, 4);
    close += <u32>(equal >= threshold);
  }
  let found: u32 = 0;
  for (let n: u32 = 0; n < close; n++) {
    const pair = out + (<usize>n << 3);
    const row = load<u32>(pair);
    const posting = postings + (<usize>load<u32>(pair, 4) << 2);
    // Another row of this step may have used up the entry's share.
    if (load<u32>(posting) == NONE) continue;
    const entry = load<u32>(posting) & ENTRY_MASK;
    const mask = equalLanes(row, entry);
    // Seen in an earlier band already, unless the entry may be missing there.
    if ((load<u8>(flags + <usize>entry) & 1) == 0 && !isFirst(mask, band)) continue;
    if (!take(entry)) {
      store<u32>(posting, NONE);
      continue;
    }
    const match = out + (<usize>found << 3);
    store<u32>(match, row);
    store<u32>(match, (popcnt<u32>(mask) << ENTRY_BITS) | entry, 4);
    found++;
  }
  return found;
}

// @ts-ignore: decorator
@inline
function equalLanes(row: u32, entry: u32): u32 {
  const a = chunkLanes + (<usize>row << 5);
  const b = lanes + (<usize>entry << 5);
  return (
    <u32>i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) |
    (<u32>i8x16.bitmask(i8x16.eq(v128.load(a, 16), v128.load(b, 16))) << 16)
  );
}

/**
 * Writes the rows [from, to) whose hash an entry has to `out`, with 33 equal lanes, and returns how many. An entry is reported
 * once: whoever asks for its hash learns of all the others.
 */
export function matchHashes(from: u32, to: u32): u32 {
  let known: u32 = 0;
  for (let row = from; row < to; row++) {
    const hash = load<u64>(chunkHashes + (<usize>row << 3));
    const cell = keyed + (<usize>known << 4);
    store<u32>(cell, row);
    known += <u32>(load<u32>(table + (<usize>(<u32>hash & tableMask) << 2)) != 0) & <u32>(hash != 0);
  }
  let found: u32 = 0;
  for (let n: u32 = 0; n < known; n++) {
    const row = load<u32>(keyed + (<usize>n << 4));
    const hash = load<u64>(chunkHashes + (<usize>row << 3));
    for (let slot = <u32>hash & tableMask; ; slot = (slot + 1) & tableMask) {
      const taken = load<u32>(table + (<usize>slot << 2));
      if (taken == 0) break;
      const entry = taken - 1;
      const flag = flags + <usize>entry;
      if (load<u64>(hashes + (<usize>entry << 3)) != hash || load<u8>(flag) & 2) continue;
      store<u8>(flag, load<u8>(flag) | 2);
      const match = out + (<usize>found << 3);
      store<u32>(match, row);
      store<u32>(match, (<u32>33 << ENTRY_BITS) | entry, 4);
      found++;
    }
  }
  return found;
}

/** Enters every entry with a hash into the table, which is all 0. */
export function buildTable(count: u32): void {
  for (let e: u32 = 0; e < count; e++) {
    const hash = load<u64>(hashes + (<usize>e << 3));
    if (hash == 0) continue;
    let slot = <u32>hash & tableMask;
    while (load<u32>(table + (<usize>slot << 2)) != 0) slot = (slot + 1) & tableMask;
    store<u32>(table + (<usize>slot << 2), e + 1);
  }
}
