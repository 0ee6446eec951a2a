import { type Proposal, shareInside } from './proposal.js';

/** Two groups hang together when they share this much of the smaller, */
const SHARED = 0.25;
/** and this many times what chance would give two groups of their size. */
const BEYOND_CHANCE = 1.5;

/**
 * Proposes together what several signatures have linked apart: a thief who works through five lists signs them five ways, and
 * in the first days each signature has reached only some of his accounts.
 *
 * @param groups those that no signature linked are left aside
 * @param accounts how many there are in all
 * @returns one proposal for each set of two or more groups that hang together by shared accounts
 */
export function proposeSignatureUnions(groups: readonly Proposal[], accounts: number): Proposal[] {
  let open = groups.filter(({ signature }) => signature !== undefined);
  const proposals: Proposal[] = [];
  while (open.length > 0) {
    const together = [open[0]!];
    // Grows while it is walked.
    for (const group of together)
      together.push(
        ...open.filter((other) => !together.includes(other) && hangTogether(group, other, accounts)),
      );
    open = open.filter((group) => !together.includes(group));
    if (new Set(together.map(({ signature }) => signature)).size > 1) proposals.push(unite(together));
  }
  return proposals;
}

function hangTogether({ members: a }: Proposal, { members: b }: Proposal, accounts: number): boolean {
  const [smaller, larger] = a.length <= b.length ? [a, b] : [b, a];
  const shared = shareInside(smaller, larger);
  return shared >= SHARED && shared >= BEYOND_CHANCE * (larger.length / accounts);
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
