/** A statement of the log, as the view reads it: kind and members of `docs/spec/record-leaf.md`. */
export interface LoggedStatement {
  readonly kind: string;
  readonly atMs: number;
  readonly by: string;
  readonly [member: string]: unknown;
}

/** Where statements were read, so that a reader can check each against the log. */
export interface LoggedAt {
  readonly index: number;
  readonly statement: LoggedStatement;
}

/** Counts of one UTC month and one category; a release with several categories counts in each. */
export interface MonthCount {
  readonly month: string;
  readonly category: string;
  readonly released: number;
  readonly held: number;
  readonly refused: number;
}

/** A digest of policies or of a legal basis, and when it was used first and last. */
export interface DigestSpan {
  readonly sha256: string;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly releases: number;
}

/**
 * What a regulator sees: how much was told to whom, under which policies and legal basis, what was held back and why, what came in, what
 * was taken back and erased, and where the log has a gap. Never an indicator: receipts hold salted digests, and this holds not even these.
 */
export interface RegulatorView {
  readonly schema: 'phalanx.regulator-view.v1';
  readonly lab: string;
  /** Entries of the log that were read; null bounds where there are none. */
  readonly statements: number;
  readonly firstIndex: number | null;
  readonly lastIndex: number | null;
  readonly totals: {
    readonly released: number;
    readonly held: number;
    readonly refused: number;
    readonly objectsReleased: number;
  };
  readonly months: readonly MonthCount[];
  readonly reasons: readonly { readonly code: string; readonly decisions: number }[];
  readonly recipients: readonly { readonly recipient: string; readonly releases: number }[];
  readonly policies: readonly DigestSpan[];
  readonly legalBases: readonly DigestSpan[];
  /** Numbers that no receipt has: decisions that somebody took out of the log. */
  readonly missing: readonly { readonly first: number; readonly last: number }[];
  /** Numbers that two receipts have. */
  readonly repeated: readonly number[];
  /** Released without two approvals or a legal basis: must be empty. */
  readonly irregular: readonly number[];
  readonly receipts: { readonly hub: number; readonly recipient: number; readonly withoutRelease: number };
  readonly retractions: number;
  readonly acknowledgements: number;
  readonly erasures: { readonly statements: number; readonly objects: number };
}

/**
 * Reads the view from statements of a log and nothing else.
 *
 * @param lab whose releases these are: `by` of its statements. Numbers are one lab's.
 */
export function viewAsRegulator(lab: string, entries: readonly LoggedAt[]): RegulatorView {
  const own = entries.filter(({ statement }) => statement.by === lab);
  const releases = firstOfEach(own.filter(({ statement }) => statement.kind === 'indicator-release'));
  const ofKind = (kind: string) =>
    own.filter(({ statement }) => statement.kind === kind).map(({ statement }) => statement);
  const receipts = ofKind('indicator-receipt');
  const decided = (verdict: string) => releases.filter(({ decision }) => decision === verdict);
  const indexes = entries.map(({ index }) => index);
  return {
    schema: 'phalanx.regulator-view.v1',
    lab,
    statements: own.length,
    firstIndex: indexes.length === 0 ? null : indexes.reduce((a, b) => Math.min(a, b)),
    lastIndex: indexes.length === 0 ? null : indexes.reduce((a, b) => Math.max(a, b)),
    totals: {
      released: decided('released').length,
      held: decided('held').length,
      refused: decided('refused').length,
      objectsReleased: decided('released').reduce((sum, one) => sum + textsOf(one.objects).length, 0),
    },
    months: countMonths(releases),
    reasons: countTexts(releases.map(({ reasons }) => textsOf(reasons))).map(([code, decisions]) => ({
      code,
      decisions,
    })),
    recipients: countTexts(decided('released').map(({ recipients }) => textsOf(recipients))).map(
      ([recipient, count]) => ({
        recipient,
        releases: count,
      }),
    ),
    policies: listSpans(releases, 'policySha256'),
    legalBases: listSpans(releases, 'legalBasisSha256'),
    missing: listMissing(releases),
    repeated: listRepeated(own),
    irregular: decided('released')
      .filter((one) => textsOf(one.approvals).length < 2 || one.legalBasisSha256 === undefined)
      .map(({ sequence }) => Number(sequence)),
    receipts: {
      hub: receipts.filter(({ role }) => role === 'hub').length,
      recipient: receipts.filter(({ role }) => role === 'recipient').length,
      withoutRelease: receipts.filter(({ releaseId }) => releaseId === undefined).length,
    },
    retractions: ofKind('indicator-retraction').length,
    acknowledgements: ofKind('retraction-acknowledgement').length,
    erasures: {
      statements: ofKind('indicator-erasure').length,
      objects: ofKind('indicator-erasure').reduce((sum, { objects }) => sum + textsOf(objects).length, 0),
    },
  };
}

/**
 * Releases of a sender's log against receipts of a recipient's or hub's: what came without a release, by their ids, and what was released
 * to it and never came.
 */
export function compareReceipts(
  sent: readonly LoggedAt[],
  received: readonly LoggedAt[],
  recipient: string,
): { readonly unreleased: readonly string[]; readonly unreceived: readonly string[] } {
  const released = new Set(
    sent
      .filter(({ statement }) => statement.kind === 'indicator-release' && statement.decision === 'released')
      .filter(({ statement }) => textsOf(statement.recipients).includes(recipient))
      .map(({ statement }) => String(statement.releaseId)),
  );
  const came = new Set(
    received
      .filter(({ statement }) => statement.kind === 'indicator-receipt' && statement.releaseId !== undefined)
      .map(({ statement }) => String(statement.releaseId)),
  );
  return {
    unreleased: [...came].filter((id) => !released.has(id)).sort(),
    unreceived: [...released].filter((id) => !came.has(id)).sort(),
  };
}

/** A receipt that was logged again after a crash is the same bytes; it counts once. */
function firstOfEach(entries: readonly LoggedAt[]): LoggedStatement[] {
  const byId = new Map<string, LoggedStatement>();
  for (const { statement } of entries) {
    const id = String(statement.releaseId);
    if (!byId.has(id)) byId.set(id, statement);
  }
  return [...byId.values()].sort((a, b) => Number(a.sequence) - Number(b.sequence));
}

function countMonths(releases: readonly LoggedStatement[]): MonthCount[] {
  const counts = new Map<
    string,
    { month: string; category: string; released: number; held: number; refused: number }
  >();
  for (const release of releases) {
    const month = new Date(release.atMs).toISOString().slice(0, 7);
    const categories = textsOf(release.categories);
    for (const category of categories.length === 0 ? ['none'] : categories) {
      const key = `${month} ${category}`;
      const count = counts.get(key) ?? { month, category, released: 0, held: 0, refused: 0 };
      if (release.decision === 'released') count.released++;
      else if (release.decision === 'held') count.held++;
      else count.refused++;
      counts.set(key, count);
    }
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
}

function countTexts(lists: readonly (readonly string[])[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const text of lists.flatMap((list) => [...new Set(list)]))
    counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function listSpans(releases: readonly LoggedStatement[], member: string): DigestSpan[] {
  const spans = new Map<string, DigestSpan>();
  for (const { [member]: digest, atMs } of releases) {
    if (typeof digest !== 'string') continue;
    const span = spans.get(digest) ?? { sha256: digest, firstAtMs: atMs, lastAtMs: atMs, releases: 0 };
    spans.set(digest, {
      sha256: digest,
      firstAtMs: Math.min(span.firstAtMs, atMs),
      lastAtMs: Math.max(span.lastAtMs, atMs),
      releases: span.releases + 1,
    });
  }
  return [...spans.values()].sort((a, b) => a.firstAtMs - b.firstAtMs);
}

function listMissing(releases: readonly LoggedStatement[]): { first: number; last: number }[] {
  const gaps: { first: number; last: number }[] = [];
  let next = 0;
  for (const { sequence } of releases) {
    if (Number(sequence) > next) gaps.push({ first: next, last: Number(sequence) - 1 });
    next = Math.max(next, Number(sequence) + 1);
  }
  return gaps;
}

function listRepeated(entries: readonly LoggedAt[]): number[] {
  const ids = new Map<number, Set<string>>();
  for (const { statement } of entries) {
    if (statement.kind !== 'indicator-release') continue;
    const sequence = Number(statement.sequence);
    ids.set(sequence, (ids.get(sequence) ?? new Set()).add(String(statement.releaseId)));
  }
  return [...ids]
    .filter(([, set]) => set.size > 1)
    .map(([sequence]) => sequence)
    .sort((a, b) => a - b);
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
