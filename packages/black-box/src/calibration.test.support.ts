import { logBinomialUpperTail, type Random } from '@phalanx/stats';

/** Expects that p <= alpha happens no oftener than alpha: fails for a valid test once in a million runs. */
export function expectCalibrated(logPs: readonly number[], ...alphas: number[]): void {
  for (const alpha of alphas) {
    const below = logPs.filter((logP) => logP <= Math.log(alpha) + 1e-12).length;
    requireExpected(below, logPs.length, alpha, `p <= ${alpha}`);
  }
}

/** Expects e >= 10 no oftener than one in ten. */
export function expectEValues(logEs: readonly number[]): void {
  const high = logEs.filter((logE) => logE >= Math.log(10)).length;
  requireExpected(high, logEs.length, 0.1, 'e >= 10');
}

function requireExpected(count: number, of: number, rate: number, what: string): void {
  if (logBinomialUpperTail(count, of, rate) / Math.LN10 <= -6)
    throw new Error(`${what} in ${count} of ${of}`);
}

/** Sources of answers as models really give them, one text a call. */
export const AWKWARD_SOURCES: Readonly<Record<string, (random: Random) => string>> = {
  'always the same': () => 'Paris.',
  empty: () => '',
  'empty or a refusal': (random) => (random.bernoulli(0.5) ? '' : "I'm sorry, but I can't help with that."),
  'two words': (random) => (random.bernoulli(0.9) ? 'yes' : 'no'),
  'no spaces, another script': (random) => '日本語の文章です。'.slice(random.integer(8)),
  'signs outside the basic plane': (random) => `${'👩‍🚀🧪'.repeat(random.integer(4))}𝔘`,
  'long and template-like': (random) =>
    `${'Step 1: read. '.repeat(random.integer(12))}Answer: ${random.integer(3)}`,
  'lone surrogates': (random) => `${'\ud800'.repeat(random.integer(3))}x`,
};
