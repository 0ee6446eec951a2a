/** From data to drawing units, with the values that its axis names. */
export interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
  readonly root: boolean;
}

/**
 * A scale over 0, `reference` and `values`, onto [from, to] drawing units. A signed square root where the largest value
 * is more than 8 times the reference, so that the reference stays readable; the axis must say so. What is not finite
 * lies at 0.
 */
export function fitScale(values: readonly number[], reference: number, from: number, to: number): Scale {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), 0);
  const high = finite.reduce((most, value) => Math.max(most, value), Math.max(reference, 1e-9));
  const root = Math.max(high, -low) > 8 * Math.max(reference, 1e-9);
  const warp = (value: number) => (root ? Math.sign(value) * Math.sqrt(Math.abs(value)) : value);
  const span = warp(high) - warp(low);
  const map = (value: number) =>
    from + ((warp(Number.isFinite(value) ? value : 0) - warp(low)) / span) * (to - from);
  return Object.assign(map, { ticks: root ? rootTicks(high) : linearTicks(low, high), root });
}

function linearTicks(low: number, high: number): number[] {
  const step = niceNumber((high - low) / 4);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) ticks.push(i * step + 0);
  return ticks;
}

/** Even steps under the root are squares: 0, 1/9, 4/9 and all of the highest round number. */
function rootTicks(high: number): number[] {
  return [...new Set([0, ...[1 / 9, 4 / 9, 1].map((share) => -niceNumber(-high * share))])];
}

/** The smallest of 1, 2, 5, 10 times a power of ten that is not below `raw`; for negative `raw` the largest below. */
function niceNumber(raw: number): number {
  const size = Math.abs(raw);
  const power = 10 ** Math.floor(Math.log10(size));
  const factors = raw < 0 ? [5, 2, 1] : [1, 2, 5, 10];
  const fits = (factor: number) =>
    raw < 0 ? factor * power <= size * (1 + 1e-9) : factor * power >= size * (1 - 1e-9);
  return Math.sign(raw) * (factors.find(fits) ?? 1) * power;
}
