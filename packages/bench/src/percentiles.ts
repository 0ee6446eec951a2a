/** The value below which a share of the sorted values lie, by the nearest rank; NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** `p50 1.2, p99 8.4, max 9.0 ms`; with `us` in microseconds. The values are milliseconds. */
export function formatTimes(ms: readonly number[], unit: 'ms' | 'us' = 'ms'): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) =>
    (percentile(ms, share) * (unit === 'us' ? 1000 : 1)).toFixed(1),
  );
  return `p50 ${p50}, p99 ${p99}, max ${max} ${unit}`;
}
