/**
 * What a clean sample excludes: the smallest number of bad records among `population` of which a sample of `sampleSize`,
 * drawn without replacement, contains none with a probability of at most 1 - `confidence`. Fewer bad records than that may
 * well escape it. Null when the sample is empty or larger than the population.
 *
 * The probability is the hypergeometric one, prod over i < n of (N - B - i) / (N - i), summed as logarithms: its relative
 * error is below 1e-15 a factor. Where the value is nearer to the bound than that error the larger number is given.
 */
export function countExcludedBySample(
  population: number,
  sampleSize: number,
  confidence: number,
): number | null {
  if (sampleSize <= 0 || population <= 0 || sampleSize > population) return null;
  const bound = Math.log1p(-confidence);
  let [low, high] = [0, population - sampleSize + 1];
  // Invariant: `low` bad records are not excluded; `high` are, since a sample cannot miss more than the rest.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (logCleanProbability(population, sampleSize, middle) <= bound) high = middle;
    else low = middle;
  }
  return high;
}

/** The product has as many factors as the smaller of sample and bad records; both orders are equal. */
function logCleanProbability(population: number, sampleSize: number, bad: number): number {
  const [factors, other] = sampleSize < bad ? [sampleSize, bad] : [bad, sampleSize];
  let sum = 0;
  for (let i = 0; i < factors; i++) sum += Math.log1p(-other / (population - i));
  return sum + factors * 1e-15;
}
