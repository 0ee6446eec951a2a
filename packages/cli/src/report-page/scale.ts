/** A mapping from data to drawing units, with the values to mark on its axis, ascending. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
  readonly kind: 'linear' | 'square-root';
}

/**
 * Scale from the data interval that covers `values` and 0 to [from, to] drawing units. Linear while the largest absolute
 * value is at most 8 times `reference`, else signed square root, so that the threshold stays readable; charts print
 * which one they use. A value that is not finite maps to 0's place.
 */
export function fitScale(values: readonly number[], reference: number, from: number, to: number): Scale {
  const finite = values.filter(Number.isFinite);
  const low = Math.min(0, ...finite);
  const high = Math.max(reference, 1e-9, ...finite);
  const kind = Math.max(high, -low) > 8 * Math.max(reference, 1e-9) ? 'square-root' : 'linear';
  const warp = kind === 'linear' ? (x: number) => x : (x: number) => Math.sign(x) * Math.sqrt(Math.abs(x));
  const bottom = warp(low);
  const span = warp(high) - bottom;
  const map = (value: number) =>
    from + ((warp(Number.isFinite(value) ? value : 0) - bottom) / span) * (to - from);
  const step = niceStep((high - low) / 4);
  const ticks = kind === 'linear' ? steps(low, high, step) : rootTicks(low, high);
  return Object.assign(map, { ticks, kind } as const);
}

/** 1, 2 or 5 times a power of ten, the smallest that is at least `raw` (> 0). */
export function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  return ([1, 2, 5].find((factor) => factor * power >= raw * (1 - 1e-9)) ?? 10) * power;
}

function steps(low: number, high: number, step: number): number[] {
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) ticks.push(i * step + 0);
  return ticks;
}

/** Evenly spread under the root: 0 and nice values near (i/4)^2 of each end. */
function rootTicks(low: number, high: number): number[] {
  const ticks = new Set<number>([0]);
  for (const end of [low, high])
    for (const share of [1 / 16, 1 / 4, 9 / 16, 1]) {
      const target = Math.abs(end) * share;
      if (target < 1e-9) continue;
      const power = 10 ** Math.floor(Math.log10(target));
      const nice = ([5, 2, 1].find((factor) => factor * power <= target * (1 + 1e-9)) ?? 1) * power;
      // A tick close to 0 beside a far larger end would print over the 0.
      if (nice >= Math.max(high, -low) / 40) ticks.add(Math.sign(end) * nice);
    }
  return [...ticks].sort((a, b) => a - b);
}
