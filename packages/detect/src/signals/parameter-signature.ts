import { percent, type Signal } from './signal.js';

/** One set of sampling parameters, rare elsewhere, in every account. */
export const parameterSignature: Signal = {
  name: 'parameter-signature',
  measure({ members, everybody }) {
    const own = countBy(members.parameters);
    const all = countBy(everybody.parameters);
    let best: { share: number; elsewhere: number; key: bigint } | null = null;
    for (const [key, n] of own) {
      if (key === 0n) continue;
      const share = n / members.parameters.length;
      const elsewhere = (all.get(key) ?? 0) / Math.max(1, everybody.parameters.length);
      if (!best || share - elsewhere > best.share - best.elsewhere) best = { share, elsewhere, key };
    }
    if (!best) return null;
    const accounts = new Set(members.account.filter((_, i) => members.parameters[i] === best.key)).size;
    return {
      signal: 'parameter-signature',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts choose sampling parameters as everybody does.',
      effect: {
        name: 'requests with one set of parameters',
        value: best.share,
        reference: best.elsewhere,
        unit: 'share',
      },
      sentence: `${percent(best.share)} of the requests, from ${accounts} accounts, carry one and the same set of sampling parameters; of everybody's, ${percent(best.elsewhere)} do.`,
      innocentExplanation: 'A popular library or application sets these parameters for its users.',
      refutedBy: 'The library, by name and version, whose default this is.',
      atlas: null,
    };
  },
};

function countBy(values: BigUint64Array): Map<bigint, number> {
  const counts = new Map<bigint, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
