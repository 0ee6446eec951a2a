import { openWasm, WASM_PAGE_BYTES } from '@phalanx/core';
import { attributionError } from './attribution-error.js';
import { type BandDesign, designBands, LANES } from './band-design.js';
import { KERNEL_BASE64 } from './kernels/lanes.wasm.js';
import type { SketchList } from './sketch-list.js';

interface LanesKernel {
  setEntries(lanes: number, hashes: number, flags: number, counters: number, masks: number): void;
  setTables(table: number, tableMask: number, histogram: number, firstDecoy: number): void;
  setRule(threshold: number, cap: number, shift: number): void;
  setChunk(lanes: number, hashes: number, columns: number, keyed: number, out: number): void;
  buildTable(count: number): void;
  // biome-ignore format: one line a function
  buildBand(bitmap: number, offsets: number, postings: number, i: number, j: number, k: number, count: number, crowd: number): number;
  transpose(rows: number, stride: number): void;
  // biome-ignore format: one line a function
  matchBand(bitmap: number, offsets: number, postings: number, i: number, j: number, k: number, band: number, from: number, to: number): number;
  matchHashes(from: number, to: number): number;
}

/**
 * Called for each match: row of the chunk, entry, equal lanes; 33 when the normalised texts are equal, which is said once of an
 * entry. May repeat a pair.
 */
export type MatchSink = (row: number, entry: number, equal: number) => void;

/** Lanes of a band. */
export const LANE_BAND = 3;
/** What `equal` is when the hashes agree. */
export const EXACT = LANES + 1;
/** Most sketches in one index: the kernel numbers them in 24 bits, and memory. */
export const MAX_ENTRIES = 12_000_000;
/** Times an entry is reported; one that is reached was given to many. */
export const MATCHES_PER_ENTRY = 256;
/** A bucket with more entries holds a template's texts; it is emptied. By chance a bucket of 4 million entries has 4. */
const CROWD = 256;
/**
 * Rows of stored sketches in the kernel at once. Each band's bitmap is fetched anew for a chunk: with 32,768 rows a lookup took
 * twice as long, with twice as many rows it gains nothing.
 */
const CHUNK_ROWS = 524_288;
/** Rows that one call looks up: what they lead to fits into the kernel's lists however crowded the buckets are. */
const STEP_ROWS = 2048;
const BITMAP_BYTES = 1 << 21;
/** Groups of the design by the most entries: 350 MB of bands at 600,000 entries, 830 MB at 5 million, 1.2 GB at 12 million. */
const DESIGNS = [
  [600_000, 6],
  [5_000_000, 8],
  [8_000_000, 9],
  [MAX_ENTRIES, 10],
] as const;

/** Sketches of a data set, ready to be joined with stored ones. Entries are numbered through `lists`. */
export class LaneIndex {
  readonly entries: number;
  readonly design: BandDesign;
  /** Entries that are missing in a band, for they resemble more than 256 others of the data set; exact matches find them. */
  readonly crowded: number;
  readonly bytes: number;
  readonly #kernel: LanesKernel;
  readonly #memory: Uint8Array;
  readonly #place: ReturnType<typeof layOut>;

  /**
   * @param lists sketches, decoys in the last list; their lanes are taken over and released, since both would not fit
   * @param threshold equal lanes, 1 to 32, from which on a pair is a match
   * @throws PhalanxError `ATTRIBUTION_LIMIT` above 12 million sketches.
   */
  constructor(lists: readonly SketchList[], threshold: number) {
    this.entries = lists.reduce((sum, list) => sum + list.size, 0);
    if (this.entries > MAX_ENTRIES)
      throw attributionError(
        'ATTRIBUTION_LIMIT',
        `${this.entries} candidate texts, more than ${MAX_ENTRIES}`,
        {
          advice: 'Attribute the data set in parts.',
        },
      );
    this.design = chooseDesign(this.entries);
    const place = (this.#place = layOut(this.entries, this.design.bands.length));
    const pages = Math.ceil(place.end / WASM_PAGE_BYTES);
    this.bytes = pages * WASM_PAGE_BYTES;
    const { exports: kernel, buffer } = openWasm<LanesKernel>(KERNEL_BASE64, pages);
    this.#kernel = kernel;
    const bytes = (this.#memory = new Uint8Array(buffer));
    let at = 0;
    for (const list of lists) {
      bytes.set(list.lanes, place.lanes + at * LANES);
      bytes.set(asBytes(list.hashes), place.hashes + at * 8);
      at += list.size;
      list.releaseLanes();
    }
    const masks = new Uint32Array(buffer, place.masks, this.design.bands.length);
    this.design.bands.forEach(([i, j, k], band) => {
      masks[band] = (1 << i) | (1 << j) | (1 << k);
    });
    kernel.setEntries(place.lanes, place.hashes, place.flags, place.counters, place.masks);
    kernel.setTables(place.table, place.slots - 1, place.histogram, this.entries - (lists.at(-1)?.size ?? 0));
    kernel.setRule(threshold, MATCHES_PER_ENTRY, place.shift);
    kernel.setChunk(place.chunkLanes, place.chunkHashes, place.columns, place.keyed, place.out);
    kernel.buildTable(this.entries);
    this.design.bands.forEach(([i, j, k], band) => {
      const { bitmap, offsets, postings } = this.#band(band);
      kernel.buildBand(bitmap, offsets, postings, i, j, k, this.entries, CROWD);
    });
    let crowded = 0;
    for (let entry = 0; entry < this.entries; entry++) crowded += bytes[place.flags + entry]! & 1;
    this.crowded = crowded;
  }

  /** Joins stored sketches, 32 bytes of lanes and a hash each, with the entries. */
  match(hashes: BigUint64Array, lanes: Uint8Array, onMatch: MatchSink): void {
    const { chunkLanes, chunkHashes, columns } = this.#place;
    for (let from = 0; from < hashes.length; from += CHUNK_ROWS) {
      const to = Math.min(hashes.length, from + CHUNK_ROWS);
      this.#memory.set(lanes.subarray(from * LANES, to * LANES), chunkLanes);
      this.#memory.set(asBytes(hashes.subarray(from, to)), chunkHashes);
      const rows = to - from;
      this.#kernel.transpose(rows, CHUNK_ROWS);
      for (let at = 0; at < rows; at += STEP_ROWS)
        this.#drain(this.#kernel.matchHashes(at, Math.min(rows, at + STEP_ROWS)), from, onMatch);
      this.design.bands.forEach(([i, j, k], band) => {
        const { bitmap, offsets, postings } = this.#band(band);
        const [a, b, c] = [columns + i * CHUNK_ROWS, columns + j * CHUNK_ROWS, columns + k * CHUNK_ROWS];
        for (let at = 0; at < rows; at += STEP_ROWS) {
          const end = Math.min(rows, at + STEP_ROWS);
          const found = this.#kernel.matchBand(bitmap, offsets, postings, a, b, c, band, at, end);
          this.#drain(found, from, onMatch);
        }
      });
    }
  }

  /** Whether an entry was reported as often as one may be, so that some of its matches by lanes were not. */
  isSaturated(entry: number): boolean {
    const at = this.#place.counters + entry * 2;
    return (this.#memory[at]! | (this.#memory[at + 1]! << 8)) >= MATCHES_PER_ENTRY;
  }

  /** Comparisons with decoys, one for each band that agreed, by equal lanes 0 to 32. */
  decoyComparisons(): Float64Array {
    const counts = new BigUint64Array(this.#memory.buffer, this.#place.histogram, LANES + 1);
    return Float64Array.from(counts, Number);
  }

  #band(band: number) {
    const { bitmaps, offsets, postings, buckets } = this.#place;
    return {
      bitmap: bitmaps + band * BITMAP_BYTES,
      offsets: offsets + band * (buckets + 1) * 4,
      postings: postings + band * this.entries * 4,
    };
  }

  #drain(found: number, base: number, onMatch: MatchSink): void {
    if (found === 0) return;
    const pairs = new Uint32Array(this.#memory.buffer, this.#place.out, found * 2);
    for (let i = 0; i < pairs.length; i += 2)
      onMatch(base + pairs[i]!, pairs[i + 1]! & 0xffffff, pairs[i + 1]! >>> 24);
  }
}

/** Fewer groups make more bands: they find more, and take memory and time in proportion. */
function chooseDesign(entries: number): BandDesign {
  const [, groups] = DESIGNS.find(([most]) => entries <= most)!;
  return designBands(groups);
}

function bucketsFor(entries: number): number {
  return 2 ** Math.min(20, Math.max(16, Math.ceil(Math.log2(entries + 1))));
}

function layOut(entries: number, bands: number) {
  const buckets = bucketsFor(entries);
  const slots = 2 ** Math.ceil(Math.log2(2 * entries + 2));
  let end = 1024;
  const take = (bytes: number): number => {
    const at = end;
    end = Math.ceil((end + bytes) / 64) * 64;
    return at;
  };
  return {
    buckets,
    slots,
    shift: 24 - Math.log2(buckets),
    masks: take(bands * 4),
    histogram: take((LANES + 1) * 8),
    out: take((STEP_ROWS * CROWD + 1) * 8),
    keyed: take((STEP_ROWS + 1) * 16),
    columns: take(CHUNK_ROWS * LANES),
    chunkLanes: take(CHUNK_ROWS * LANES),
    chunkHashes: take(CHUNK_ROWS * 8),
    lanes: take(entries * LANES),
    hashes: take(entries * 8),
    flags: take(entries),
    counters: take(entries * 2),
    table: take(slots * 4),
    bitmaps: take(bands * BITMAP_BYTES),
    offsets: take(bands * (buckets + 1) * 4),
    postings: take(bands * entries * 4),
    get end() {
      return end;
    },
  };
}

function asBytes(values: BigUint64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
