import { identityObjects } from '../links/identity-objects.js';
import { percent, type Signal } from './signal.js';

/** Payment instruments, sign-up devices and networks in common. Context here: where it proposed the pool it cannot also prove it. */
export const sharedIdentity: Signal = {
  name: 'shared-identity',
  measure({ pool, population }) {
    const kinds = identityObjects(population);
    const isMember = new Set(pool.proposal.members);
    let best: { kind: string; members: number; others: number } | null = null;
    for (const { kind, touched } of kinds) {
      const all = new Map<bigint, number>();
      const own = new Map<bigint, number>();
      for (let i = 0; i < touched.key.length; i++) {
        const key = touched.key[i]!;
        all.set(key, (all.get(key) ?? 0) + 1);
        if (isMember.has(population.indexOf(touched.account[i]!)!)) own.set(key, (own.get(key) ?? 0) + 1);
      }
      let members = 0;
      let others = 0;
      for (const [key, n] of all) {
        const k = own.get(key) ?? 0;
        if (k >= 2) members += k;
        if (n - k >= 2) others += n - k;
      }
      const row = {
        kind,
        members: members / isMember.size,
        others: others / Math.max(1, population.size - isMember.size),
      };
      if (touched.key.length && (!best || row.members - row.others > best.members - best.others)) best = row;
    }
    if (!best) return null;
    return {
      signal: 'shared-identity',
      family: 'context',
      log10E: null,
      nullHypothesis: 'The accounts share payment and sign-up facts no more often than other accounts do.',
      effect: {
        name: `share a ${best.kind}`,
        value: best.members,
        reference: best.others,
        unit: 'share of accounts',
      },
      sentence: `${percent(best.members)} of the accounts share a ${best.kind} with another of them; elsewhere ${percent(best.others)} do.`,
      innocentExplanation: 'One company or family pays for several people.',
      refutedBy: 'Proof of identity from a sample of the account holders.',
      atlas: 'AML.T0021',
    };
  },
};
