/** Runs of equal (major, minor) pairs, ascending. */
export interface PairCounts {
  readonly major: Uint32Array;
  readonly minor: Uint32Array;
  readonly count: Uint32Array;
}

/**
 * Counts equal pairs by sorting. A row is left out when its `majors` entry is NaN.
 *
 * @param minorSize Every minor number is below it; major x minorSize must stay below 2^53.
 */
export function countPairs(
  majors: ArrayLike<number>,
  minors: ArrayLike<number>,
  minorSize: number,
): PairCounts {
  const keys = new Float64Array(majors.length);
  for (let i = 0; i < keys.length; i++) keys[i] = majors[i]! * minorSize + minors[i]!;
  // NaN sorts to the end.
  keys.sort();
  let end = keys.length;
  while (end > 0 && Number.isNaN(keys[end - 1])) end--;
  let runs = 0;
  for (let i = 0; i < end; i++) if (i === 0 || keys[i] !== keys[i - 1]) runs++;
  const major = new Uint32Array(runs);
  const minor = new Uint32Array(runs);
  const count = new Uint32Array(runs);
  let at = -1;
  for (let i = 0; i < end; i++) {
    const key = keys[i]!;
    if (i === 0 || key !== keys[i - 1]) {
      at++;
      major[at] = Math.floor(key / minorSize);
      minor[at] = key - major[at]! * minorSize;
    }
    count[at]!++;
  }
  return { major, minor, count };
}

/** Keeps the majors that occur with between `low` and `high` distinct minors. */
export function keepByDegree(pairs: PairCounts, low: number, high: number): PairCounts {
  const { major, minor, count } = pairs;
  const kept: number[] = [];
  for (let from = 0; from < major.length; ) {
    let to = from;
    while (to < major.length && major[to] === major[from]) to++;
    if (to - from >= low && to - from <= high) for (let i = from; i < to; i++) kept.push(i);
    from = to;
  }
  return {
    major: Uint32Array.from(kept, (i) => major[i]!),
    minor: Uint32Array.from(kept, (i) => minor[i]!),
    count: Uint32Array.from(kept, (i) => count[i]!),
  };
}
