import { randomBytes } from 'node:crypto';
import { type Clock, DAY_MS, HOUR_MS } from '@phalanx/core';

/**
 * Who may ask a detector that strangers can reach. Every answer tells a little about the key: somebody who may ask about each edit
 * of a text removes the mark word by word, or learns to forge it (Jovanovic et al. 2024). So callers are limited, and
 * so are versions of one text whoever sends them.
 */
export interface OracleGuardSettings {
  readonly clock: Clock;
  /** Texts a caller may ask about in an hour. Default 30. */
  readonly perCallerHour?: number;
  /** Texts of all callers together in an hour. Default 1,000. */
  readonly perHour?: number;
  /** Versions of one text that are answered in a day, the first among them. Default 3. */
  readonly versionsPerDay?: number;
}

export type Admission = 'admitted' | 'caller-limit' | 'total-limit' | 'version-limit';

/** Callers and texts remembered; beyond it nobody is admitted until a day is over. */
const MAX_CALLERS = 100_000;
const MAX_TEXTS = 200_000;
/** Smallest hashes of 3-grams kept a text, and how many must agree in two versions of one. */
const LANES = 16;
const ALIKE = 4;

interface Bucket {
  left: number;
  atMs: number;
}

/** Counts questions; keeps no text, only keyed hashes under a secret of this process. */
export class OracleGuard {
  readonly #clock: Clock;
  readonly #perCallerHour: number;
  readonly #versionsPerDay: number;
  readonly #callers = new Map<string, Bucket>();
  readonly #total: Bucket;
  readonly #perHour: number;
  readonly #secret = randomBytes(12);
  /** Family of each version seen today: the first version that it is like. */
  #versions: number[] = [];
  #byLane = new Map<number, number[]>();
  #families = new Map<number, Set<number>>();
  #dayMs: number;

  constructor({ clock, perCallerHour = 30, perHour = 1000, versionsPerDay = 3 }: OracleGuardSettings) {
    this.#clock = clock;
    this.#perCallerHour = perCallerHour;
    this.#perHour = perHour;
    this.#versionsPerDay = versionsPerDay;
    this.#dayMs = clock.nowMs();
    this.#total = { left: perHour, atMs: this.#dayMs };
  }

  /** Whether this caller may know about this text now. A text asked about before costs its caller, and is no new version. */
  admit(caller: string, tokens: Int32Array): Admission {
    const nowMs = this.#clock.nowMs();
    this.#forget(nowMs);
    const bucket = this.#callers.get(caller) ?? { left: this.#perCallerHour, atMs: nowMs };
    if (!this.#callers.has(caller)) {
      if (this.#callers.size >= MAX_CALLERS) return 'total-limit';
      this.#callers.set(caller, bucket);
    }
    if (!take(bucket, this.#perCallerHour, nowMs)) return 'caller-limit';
    if (!take(this.#total, this.#perHour, nowMs)) return 'total-limit';
    return this.#addVersion(tokens);
  }

  #addVersion(tokens: Int32Array): Admission {
    if (this.#versions.length >= MAX_TEXTS) return 'total-limit';
    const { lanes, digest } = this.#sketch(tokens);
    const agree = new Map<number, number>();
    for (const lane of lanes)
      for (const id of this.#byLane.get(lane) ?? []) agree.set(id, (agree.get(id) ?? 0) + 1);
    let family = this.#versions.length;
    for (const [id, lanesEqual] of agree)
      if (lanesEqual >= Math.min(ALIKE, lanes.length)) family = Math.min(family, this.#versions[id]!);
    const known = this.#families.get(family) ?? new Set();
    if (known.has(digest)) return 'admitted';
    if (known.size >= this.#versionsPerDay) return 'version-limit';
    known.add(digest);
    this.#families.set(family, known);
    const id = this.#versions.push(family) - 1;
    for (const lane of lanes) {
      const ids = this.#byLane.get(lane);
      if (ids === undefined) this.#byLane.set(lane, [id]);
      else ids.push(id);
    }
    return 'admitted';
  }

  /** The least hashes of the text's 3-grams, distinct, and a hash of the whole. */
  #sketch(tokens: Int32Array): { lanes: number[]; digest: number } {
    const [a, b, c] = [0, 4, 8].map((at) => this.#secret.readInt32LE(at) | 1) as [number, number, number];
    const least = new Set<number>();
    const hashes = new Float64Array(Math.max(1, tokens.length - 2));
    let digest = tokens.length;
    for (let i = 0; i < tokens.length; i++) {
      digest = Math.imul(digest ^ tokens[i]!, a) + b;
      digest ^= digest >>> 15;
    }
    for (let i = 0; i < hashes.length; i++) {
      let hash = Math.imul((tokens[i] ?? 0) ^ c, a);
      hash = Math.imul((hash ^ (hash >>> 15)) + (tokens[i + 1] ?? 0), b);
      hash = Math.imul((hash ^ (hash >>> 13)) + (tokens[i + 2] ?? 0), c);
      hashes[i] = (hash ^ (hash >>> 16)) >>> 0;
    }
    for (const hash of hashes.sort()) {
      if (least.size >= LANES) break;
      least.add(hash);
    }
    return { lanes: [...least], digest };
  }

  #forget(nowMs: number): void {
    if (nowMs - this.#dayMs < DAY_MS) return;
    this.#dayMs = nowMs;
    this.#callers.clear();
    this.#versions = [];
    this.#byLane = new Map();
    this.#families = new Map();
  }
}

/** Token bucket that fills evenly to `size` in an hour. */
function take(bucket: Bucket, size: number, nowMs: number): boolean {
  const elapsed = Math.max(0, nowMs - bucket.atMs);
  bucket.left = Math.min(size, bucket.left + (elapsed / HOUR_MS) * size);
  bucket.atMs = nowMs;
  if (bucket.left < 1) return false;
  bucket.left--;
  return true;
}
