import { TLP_LEVELS } from '../stix/marking/tlp.js';
import { areSame, type ReleaseApproval, type StandingApproval } from './approval.js';
import type { PolicySet } from './cedar-policies.js';
import type { Person } from './person.js';
import type { ReleaseCategory } from './release-category.js';
import { digestDocument, listSigners, type SignedDocument } from './signed-document.js';

/** Of all approvals that lie there, those that count for one release. */
export interface ChosenApprovals {
  readonly releaser: string | null;
  readonly counsels: ReadonlySet<string>;
  readonly counselReadIt: boolean;
  /** Codes that counsel cleared for these bytes. */
  readonly clears: ReadonlySet<string>;
  readonly digests: readonly string[];
  readonly standing: readonly { readonly sha256: string; readonly maxPerDay: number }[];
  /** A standing approval would have counted, and is used up for today. */
  readonly usedUp: boolean;
}

interface Asked {
  readonly policies: PolicySet;
  readonly nowMs: number;
  readonly people: readonly Person[];
  readonly approvals: readonly SignedDocument<ReleaseApproval | StandingApproval>[];
  readonly revoked: ReadonlySet<string>;
  readonly standingUses: ReadonlyMap<string, number>;
  readonly envelopeSha256: string | null;
  readonly categories: readonly ReleaseCategory[];
  readonly recipients: readonly string[];
  readonly mostClosedTlp: number;
}

interface Word<Document> {
  readonly document: Document;
  readonly sha256: string;
  readonly persons: readonly string[];
}

/**
 * Chooses: a releaser who signed these bytes, and counsel who did, or counsel's standing approvals that cover every category for exactly
 * these recipients at this level today. Another person than the releaser is preferred where there is one.
 */
export function chooseApprovals(asked: Asked): ChosenApprovals {
  const words: Word<ReleaseApproval>[] = [];
  const classes: Word<StandingApproval>[] = [];
  for (const signed of asked.approvals) {
    const { document } = signed;
    const sha256 = digestDocument(signed);
    const live =
      asked.nowMs >= document.notBeforeMs && asked.nowMs < document.notAfterMs && !asked.revoked.has(sha256);
    if (
      !live ||
      document.policySha256 !== asked.policies.digest ||
      !areSame(document.recipients, asked.recipients)
    )
      continue;
    const isStanding = document.schema === 'phalanx.standing-approval.v1';
    const role = isStanding ? 'counsel' : document.role;
    const persons = listSigners(signed, asked.people, role).map(({ id }) => id);
    if (persons.length === 0) continue;
    if (isStanding) classes.push({ document, sha256, persons });
    else if (document.envelopeSha256 === asked.envelopeSha256) words.push({ document, sha256, persons });
  }
  const releases = words.filter(({ document }) => document.role === 'releaser');
  const counselled = words.filter(({ document }) => document.role === 'counsel');
  const others = counselled.flatMap(({ persons }) => persons);
  const release = releases.find(({ persons }) => persons.some((one) => !others.includes(one))) ?? releases[0];
  const releaser = release?.persons.find((one) => !others.includes(one)) ?? release?.persons[0] ?? null;
  const isOther = ({ persons }: Word<unknown>) => persons.some((one) => one !== releaser);
  const counsel = counselled.find(isOther) ?? counselled[0];
  const standing = counsel === undefined ? chooseStanding(classes.filter(isOther), classes, asked) : null;
  const used = standing?.chosen ?? [];
  const persons = counsel !== undefined ? [counsel] : used;
  return {
    releaser,
    counsels: new Set(
      persons.map((word) => word.persons.find((one) => one !== releaser) ?? word.persons[0]!),
    ),
    counselReadIt: counsel !== undefined,
    clears: new Set(counsel?.document.clears ?? []),
    digests: [...(release === undefined ? [] : [release.sha256]), ...persons.map(({ sha256 }) => sha256)],
    standing: used.map(({ sha256, document }) => ({ sha256, maxPerDay: document.maxPerDay })),
    usedUp: standing?.usedUp ?? false,
  };
}

/** One standing approval for each category, or none at all. */
function chooseStanding(
  preferred: readonly Word<StandingApproval>[],
  all: readonly Word<StandingApproval>[],
  asked: Asked,
) {
  const chosen: Word<StandingApproval>[] = [];
  let usedUp = false;
  for (const category of asked.categories) {
    const covers = ({ document }: Word<StandingApproval>) =>
      document.category === category && TLP_LEVELS.indexOf(document.maxTlp) >= asked.mostClosedTlp;
    const isLeft = ({ sha256, document }: Word<StandingApproval>) =>
      (asked.standingUses.get(sha256) ?? 0) < document.maxPerDay;
    const candidates = [...preferred.filter(covers), ...all.filter(covers)];
    const found = candidates.find(isLeft);
    if (found === undefined) {
      usedUp ||= candidates.length > 0;
      return { chosen: [], usedUp };
    }
    chosen.push(found);
  }
  return { chosen, usedUp };
}
