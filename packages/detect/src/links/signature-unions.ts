import { type Proposal, shareInside } from './proposal.js';

/** Two groups that have so much of the smaller in common are one pool. */
const SHARED = 0.5;

/**
 * Proposes together what several signatures have linked apart: a thief who works through five lists signs them five ways, and
 * in the first days each signature has reached only some of his accounts.
 *
 * @param shown groups whose coordination was shown; those that no signature linked are left aside
 * @returns one proposal for each set of two or more groups that hang together by shared accounts
 */
export function proposeSignatureUnions(shown: readonly Proposal[]): Proposal[] {
  let open = shown.filter(({ signature }) => signature !== undefined);
  const proposals: Proposal[] = [];
  while (open.length > 0) {
    const together = [open[0]!];
    // Grows while it is walked.
    for (const group of together)
      together.push(...open.filter((other) => !together.includes(other) && hangTogether(group, other)));
    open = open.filter((group) => !together.includes(group));
    if (new Set(together.map(({ signature }) => signature)).size > 1) proposals.push(unite(together));
  }
  return proposals;
}

function hangTogether({ members: a }: Proposal, { members: b }: Proposal): boolean {
  return Math.max(shareInside(a, b), shareInside(b, a)) >= SHARED;
}

/** Strengths are of different evidence about the same account; the strongest stands. */
function unite(groups: readonly Proposal[]): Proposal {
  const strength = new Map<number, number>();
  for (const group of groups)
    group.members.forEach((account, m) => {
      strength.set(account, Math.max(strength.get(account) ?? 0, group.strength[m]!));
    });
  const members = Int32Array.from(strength.keys()).sort();
  return {
    members,
    strength: Float64Array.from(members, (account) => strength.get(account)!),
    by: 'signatures dealt to the same accounts',
  };
}
