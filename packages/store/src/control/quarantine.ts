import type {
  Absence,
  Claim,
  HeldIndicator,
  Outcome,
  OverrideBody,
  QuarantineState,
  StatedOpinion,
  Transition,
  TrustChange,
  TrustStore,
} from '@phalanx/coalition/trust';
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { TrustTables } from './trust-tables.js';

/** Rows of one INSERT: a statement of PostgreSQL has at most 65,535 parameters. */
const ROWS = 2_000;
/** The only feed that there is. */
const FEED = 'retractions';
/** Stands for "of no appeal" in a key, which holds no null. */
const NO_CASE = '';

/** What a lab holds of others, and what it has learnt of them. */
export class Quarantine implements TrustStore {
  readonly #database: Kysely<TrustTables>;

  constructor(database: Kysely<TrustTables>) {
    this.#database = database;
  }

  async findHeld(id: string): Promise<HeldIndicator | null> {
    const row = await this.#database
      .selectFrom('trust_indicators')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : readHeld(row);
  }

  async listHeld(states: readonly QuarantineState[], limit: number): Promise<readonly HeldIndicator[]> {
    if (states.length === 0) return [];
    const rows = await this.#database
      .selectFrom('trust_indicators')
      .selectAll()
      .where('state', 'in', states)
      .orderBy('taken_ms')
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(readHeld);
  }

  async countHeld(member: string): Promise<number> {
    const { count } = await this.#database
      .selectFrom('trust_indicators')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('member', '=', member)
      .where('state', 'not in', ['retracted', 'expired', 'refused'])
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  async listTransitions(indicatorId: string): Promise<readonly Transition[]> {
    const rows = await this.#database
      .selectFrom('trust_transitions')
      .selectAll()
      .where('indicator_id', '=', indicatorId)
      .orderBy('number')
      .execute();
    return rows.map((row) => ({
      indicatorId: row.indicator_id,
      atMs: row.at_ms,
      from: row.from_state as QuarantineState | null,
      to: row.to_state as QuarantineState,
      reason: row.reason as Transition['reason'],
      by: row.by_person,
    }));
  }

  async listClaims(): Promise<readonly Claim[]> {
    const rows = await this.#database.selectFrom('trust_claims').selectAll().execute();
    return rows.map((row) => ({
      objectId: row.object_id,
      traceKey: row.trace_key,
      member: row.member,
      atMs: row.at_ms,
      evidenceDigest: row.evidence_digest,
    }));
  }

  async listAbsences(): Promise<readonly Absence[]> {
    const rows = await this.#database.selectFrom('trust_absences').selectAll().execute();
    return rows.map((row) => ({ traceKey: row.trace_key, member: row.member, atMs: row.at_ms }));
  }

  async listOpinions(): Promise<readonly StatedOpinion[]> {
    const rows = await this.#database.selectFrom('trust_opinions').selectAll().execute();
    return rows.map((row) => ({
      indicatorId: row.indicator_id,
      member: row.member,
      isAgainst: row.is_against,
      atMs: row.at_ms,
      caseId: row.case_id === NO_CASE ? null : row.case_id,
    }));
  }

  async listOutcomes(): Promise<readonly Outcome[]> {
    const rows = await this.#database.selectFrom('trust_outcomes').selectAll().execute();
    return rows.map((row) => ({
      member: row.member,
      kind: row.kind as Outcome['kind'],
      subject: row.subject,
      wasRight: row.was_right,
      weight: row.weight,
      atMs: row.at_ms,
    }));
  }

  async listBarred(): Promise<ReadonlySet<string>> {
    const rows = await this.#database.selectFrom('trust_barred').select('member').execute();
    return new Set(rows.map(({ member }) => member));
  }

  async listCanaries(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.selectFrom('trust_canaries').selectAll().execute();
    return new Map(rows.map((row) => [row.trace_key, row.shown_by]));
  }

  async addCanaries(shownBy: string, traceKeys: readonly string[]): Promise<void> {
    const rows = traceKeys.map((trace_key) => ({ trace_key, shown_by: shownBy }));
    await this.#database.transaction().execute(async (transaction) => {
      for (const some of cut(rows))
        await transaction
          .insertInto('trust_canaries')
          .values(some)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
    });
  }

  async listOverrides(atMs: number): Promise<readonly OverrideBody[]> {
    const rows = await this.#database
      .selectFrom('trust_overrides')
      .select('body')
      .where('expires_ms', '>', atMs)
      .execute();
    return rows
      .map(({ body }): OverrideBody => JSON.parse(body))
      .filter(({ issuedAtMs }) => issuedAtMs <= atMs);
  }

  async addOverride(override: OverrideBody): Promise<void> {
    await this.#database
      .insertInto('trust_overrides')
      .values({
        indicator_id: override.indicator,
        counsel: override.counsel,
        expires_ms: override.expiresAtMs,
        body: JSON.stringify(override),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }

  async apply(change: TrustChange): Promise<void> {
    await this.#database.transaction().execute(async (transaction) => {
      await putHeld(transaction, change.held ?? []);
      await addTransitions(transaction, change.transitions ?? []);
      await replaceClaims(transaction, change.claims ?? []);
      await putAbsences(transaction, change.absences ?? []);
      await putOpinions(transaction, change.opinions ?? []);
      await putOutcomes(transaction, change.outcomes ?? []);
      for (const { member, traceKey, atMs } of change.barred ?? [])
        await transaction
          .insertInto('trust_barred')
          .values({ member, trace_key: traceKey, at_ms: atMs })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
    });
  }

  async readFeedPlace(): Promise<number> {
    const row = await this.#database
      .selectFrom('trust_places')
      .select('seq')
      .where('feed', '=', FEED)
      .executeTakeFirst();
    return row?.seq ?? 0;
  }

  async writeFeedPlace(seq: number): Promise<void> {
    await this.#database
      .insertInto('trust_places')
      .values({ feed: FEED, seq })
      .onConflict((conflict) => conflict.column('feed').doUpdateSet({ seq }))
      .execute();
  }
}

function readHeld(row: Selectable<TrustTables['trust_indicators']>): HeldIndicator {
  return {
    id: row.id,
    member: row.member,
    object: JSON.parse(row.object),
    state: row.state as QuarantineState,
    reason: row.reason as HeldIndicator['reason'],
    takenAtMs: row.taken_ms,
    seenAtMs: row.seen_ms,
    report: row.report === null ? null : JSON.parse(row.report),
    decision: row.decision === null ? null : JSON.parse(row.decision),
  };
}

async function putHeld(transaction: Transaction<TrustTables>, held: readonly HeldIndicator[]): Promise<void> {
  const rows = held.map((one) => ({
    id: one.id,
    member: one.member,
    object: JSON.stringify(one.object),
    state: one.state,
    reason: one.reason,
    taken_ms: one.takenAtMs,
    seen_ms: one.seenAtMs,
    report: one.report === null ? null : JSON.stringify(one.report),
    decision: one.decision === null ? null : JSON.stringify(one.decision),
  }));
  for (const some of cut(rows))
    await transaction
      .insertInto('trust_indicators')
      .values(some)
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet(({ ref }) => ({
          object: ref('excluded.object'),
          state: ref('excluded.state'),
          reason: ref('excluded.reason'),
          seen_ms: ref('excluded.seen_ms'),
          report: ref('excluded.report'),
          decision: ref('excluded.decision'),
        })),
      )
      .execute();
}

async function addTransitions(
  transaction: Transaction<TrustTables>,
  transitions: readonly Transition[],
): Promise<void> {
  const rows = transitions.map((one) => ({
    indicator_id: one.indicatorId,
    at_ms: one.atMs,
    from_state: one.from,
    to_state: one.to,
    reason: one.reason,
    by_person: one.by,
  }));
  for (const some of cut(rows)) await transaction.insertInto('trust_transitions').values(some).execute();
}

async function replaceClaims(
  transaction: Transaction<TrustTables>,
  changes: NonNullable<TrustChange['claims']>,
): Promise<void> {
  const byMember = new Map<string, string[]>();
  for (const { member, objectId } of changes) {
    const ids = byMember.get(member);
    if (ids === undefined) byMember.set(member, [objectId]);
    else ids.push(objectId);
  }
  for (const [member, all] of byMember)
    for (const ids of cut(all))
      await transaction
        .deleteFrom('trust_claims')
        .where('member', '=', member)
        .where('object_id', 'in', ids)
        .execute();
  const rows = changes.flatMap(({ claims }) =>
    claims.map((claim) => ({
      object_id: claim.objectId,
      trace_key: claim.traceKey,
      member: claim.member,
      at_ms: claim.atMs,
      evidence_digest: claim.evidenceDigest,
    })),
  );
  for (const some of cut(rows)) await transaction.insertInto('trust_claims').values(some).execute();
}

async function putAbsences(
  transaction: Transaction<TrustTables>,
  absences: readonly Absence[],
): Promise<void> {
  const rows = absences.map((one) => ({ trace_key: one.traceKey, member: one.member, at_ms: one.atMs }));
  for (const some of cut(rows))
    await transaction
      .insertInto('trust_absences')
      .values(some)
      .onConflict((conflict) =>
        conflict
          .columns(['trace_key', 'member'])
          .doUpdateSet(({ ref }) => ({ at_ms: ref('excluded.at_ms') })),
      )
      .execute();
}

async function putOpinions(
  transaction: Transaction<TrustTables>,
  opinions: readonly StatedOpinion[],
): Promise<void> {
  const rows = opinions.map((one) => ({
    indicator_id: one.indicatorId,
    member: one.member,
    case_id: one.caseId ?? NO_CASE,
    is_against: one.isAgainst,
    at_ms: one.atMs,
  }));
  for (const some of cut(rows))
    await transaction
      .insertInto('trust_opinions')
      .values(some)
      .onConflict((conflict) =>
        conflict.columns(['indicator_id', 'member', 'case_id']).doUpdateSet(({ ref }) => ({
          is_against: ref('excluded.is_against'),
          at_ms: ref('excluded.at_ms'),
        })),
      )
      .execute();
}

async function putOutcomes(
  transaction: Transaction<TrustTables>,
  outcomes: readonly Outcome[],
): Promise<void> {
  const rows = outcomes.map((one) => ({
    member: one.member,
    kind: one.kind,
    subject: one.subject,
    was_right: one.wasRight,
    weight: one.weight,
    at_ms: one.atMs,
  }));
  for (const some of cut(rows))
    await transaction
      .insertInto('trust_outcomes')
      .values(some)
      .onConflict((conflict) =>
        conflict.columns(['member', 'kind', 'subject']).doUpdateSet(({ ref }) => ({
          was_right: ref('excluded.was_right'),
          weight: ref('excluded.weight'),
          at_ms: ref('excluded.at_ms'),
        })),
      )
      .execute();
}

function cut<T>(rows: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < rows.length; from += ROWS) parts.push(rows.slice(from, from + ROWS));
  return parts;
}
