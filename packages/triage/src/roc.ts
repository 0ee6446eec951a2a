/**
 * Area under the receiver operating characteristic: the share of pairs in which the machine text scores higher, ties
 * counting half (Mann and Whitney's U over both sizes). NaN when a side is empty.
 */
export function areaUnderRoc(human: ArrayLike<number>, machine: ArrayLike<number>): number {
  const sorted = Float64Array.from(human).sort();
  let wins = 0;
  for (let i = 0; i < machine.length; i++)
    wins += (countBelow(sorted, machine[i]!, false) + countBelow(sorted, machine[i]!, true)) / 2;
  return wins / (sorted.length * machine.length);
}

/**
 * Share of machine texts that score above the smallest threshold which at most a share `rate` of the human texts
 * exceed. The threshold is taken from these human texts themselves, so with 150 of them a rate of 1 % is one text.
 */
export function truePositiveRate(human: ArrayLike<number>, machine: ArrayLike<number>, rate: number): number {
  const descending = Float64Array.from(human).sort().reverse();
  const threshold = descending[Math.min(descending.length - 1, Math.floor(rate * descending.length))]!;
  let above = 0;
  for (let i = 0; i < machine.length; i++) if (machine[i]! > threshold) above++;
  return above / machine.length;
}

/** How many of ascending `sorted` are below `score`, or at most `score`. */
export function countBelow(sorted: Float64Array, score: number, orEqual: boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const under = orEqual ? sorted[middle]! <= score : sorted[middle]! < score;
    if (under) low = middle + 1;
    else high = middle;
  }
  return low;
}
