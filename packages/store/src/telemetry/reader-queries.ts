import { PhalanxError } from '@phalanx/core';
import type { ObjectKind, SampleQuery, TimeWindow } from '@phalanx/domain';
import type { StoreErrorCode } from '../errors.js';
import { LAST_AT_MS } from './exchange-block.js';

/**
 * The SQL of `TelemetryReader`. `from` is the readable name of the exchanges table. FINAL makes a row that was written
 * twice count once even before the engine merges it away; it costs 8 % on merged data (measured: 5 million rows in 20
 * days), several times the query on a hundred unmerged parts, which is what `compact` is for.
 */
export function countExchanges(from: string, window: TimeWindow): string {
  return `SELECT count() AS n FROM ${from} FINAL WHERE ${inWindow(window)}`;
}

/** First and last start. Duplicates do not matter here, so no FINAL. */
export function span(from: string): string {
  return `SELECT count() AS n, ${millis('min(at)')} AS first, ${millis('max(at)')} AS last FROM ${from}`;
}

export function accountActivity(from: string, window: TimeWindow): string {
  return `SELECT account, ${saturate('count()')} AS exchanges, ${millis('min(at)')} AS first_ms,
    ${millis('max(at)')} AS last_ms, toFloat64(sum(output_tokens)) AS output_tokens,
    ${saturate('uniqExactIf(fingerprint, fingerprint != 0)')} AS fingerprints,
    ${saturate('countIf(contradiction != 0)')} AS contradictions,
    ${saturate('uniqExactIf(end_user, end_user != 0)')} AS end_users
  FROM ${from} FINAL WHERE ${inWindow(window)} GROUP BY account ORDER BY account`;
}

/** Counts by account and an expression. */
function keyedCounts(from: string, window: TimeWindow, key: string): string {
  return `SELECT account, toUInt64(k) AS key, ${saturate('count()')} AS count
  FROM (SELECT account, ${key} AS k FROM ${from} FINAL WHERE ${inWindow(window)})
  GROUP BY account, k ORDER BY account, key`;
}

export function shapeCounts(from: string, window: TimeWindow): string {
  return keyedCounts(from, window, 'shape');
}

/** @throws PhalanxError `STORE_ARGUMENT` unless `binMs` is an integer of at least 1. */
export function timeCounts(from: string, window: TimeWindow, binMs: number): string {
  if (!Number.isSafeInteger(binMs) || binMs < 1) throw badArgument('binMs is not an integer of at least 1');
  return keyedCounts(from, window, `intDiv(toUnixTimestamp64Milli(at) - (${window.fromMs}), ${binMs})`);
}

export function intentCounts(from: string, window: TimeWindow): string {
  return keyedCounts(from, window, 'arrayJoin(bitPositionsToArray(intents))');
}

const OBJECT_COLUMN: Readonly<Record<Exclude<ObjectKind, 'template'>, string>> = {
  network: 'network',
  fingerprint: 'fingerprint',
  parameters: 'parameters',
  signature: 'bitXor(parameters, bitRotateLeft(system_hash, 1))',
  system: 'system_hash',
  tools: 'tools_hash',
  prompt: 'prompt_hash',
};

/** Bands of a prompt's MinHash: 8 of the head and 8 of the tail, each four lanes of 8 bits. */
const TEMPLATE_BANDS = 16;

/**
 * One query builder for a plain object, sixteen for a template: each band alone needs a sixteenth of the memory, and its
 * 32-bit keys hash faster than salted 64-bit ones. A band's object is `(band + 1) * 2^32 + its four bytes`, so bands
 * never meet and no object is 0. The results are disjoint; their concatenation is the answer.
 *
 * The innermost query drops what has fewer rows than accounts are wanted, on natural traffic nearly all templates,
 * before accounts are listed. A duplicate can only let an object pass there, so it needs no FINAL; counting rows and
 * not accounts makes it 2.5 times as fast.
 *
 * @throws PhalanxError `STORE_ARGUMENT` unless 1 <= minAccounts <= maxAccounts.
 */
export function sharedObjects(
  window: TimeWindow,
  kind: ObjectKind,
  bounds: { readonly minAccounts: number; readonly maxAccounts: number },
): ((from: string) => string)[] {
  const { minAccounts, maxAccounts } = bounds;
  if (!(Number.isSafeInteger(minAccounts) && minAccounts >= 1 && Number.isSafeInteger(maxAccounts)))
    throw badArgument('minAccounts and maxAccounts are not integers of at least 1');
  if (maxAccounts < minAccounts) throw badArgument('maxAccounts is below minAccounts');
  const objects =
    kind === 'template'
      ? Array.from({ length: TEMPLATE_BANDS }, (_, band) => ({
          expression: `reinterpret(minhash, 'Array(UInt32)')[${band + 1}]`,
          key: `${band + 1} * 4294967296 + k`,
          real: 'prompt_hash != 0',
        }))
      : [{ expression: OBJECT_COLUMN[kind], key: 'k', real: `${OBJECT_COLUMN[kind]} != 0` }];
  const place = inWindow(window);
  return objects.map(({ expression, key, real }) => (from) => {
    const where = `${place} AND ${real}`;
    const shared =
      minAccounts < 2
        ? ''
        : ` AND k GLOBAL IN (SELECT ${expression} AS k FROM ${from} WHERE ${where}
      GROUP BY k HAVING count() >= ${minAccounts})`;
    return `SELECT touched.1 AS account, toUInt64(${key}) AS key, ${saturate('touched.2')} AS count FROM (
    SELECT k, groupArray((account, n)) AS accounts FROM (
      SELECT ${expression} AS k, account, count() AS n FROM ${from} FINAL WHERE ${where}${shared}
      GROUP BY k, account)
    GROUP BY k HAVING length(accounts) BETWEEN ${minAccounts} AND ${maxAccounts})
  ARRAY JOIN accounts AS touched ORDER BY key, account`;
  });
}

/**
 * Exchanges by account that carry one of these values.
 *
 * @throws PhalanxError `STORE_ARGUMENT` for more than 10,000: ask in parts
 */
export function objectHits(
  from: string,
  window: TimeWindow,
  kind: Exclude<ObjectKind, 'template'>,
  keys: BigUint64Array,
): string {
  if (keys.length > MAX_OBJECT_KEYS) throw badArgument('more than 10,000 values at once');
  return `SELECT account, k AS key, ${saturate('count()')} AS count
  FROM (SELECT account, ${OBJECT_COLUMN[kind]} AS k FROM ${from} FINAL WHERE ${inWindow(window)})
  WHERE ${inList('k', keys)} GROUP BY account, k ORDER BY key, account`;
}

export const MAX_OBJECT_KEYS = 10_000;

/** Lots that exchanges are drawn by. */
export const LOTS = 2 ** 32;

/**
 * PREWHERE before FINAL is exact here, since account, time and id are the sorting key, in which duplicates agree; without
 * it FINAL merges every column of every row in the window before it looks at a condition. Duplicates need not agree in
 * their signature (one export may know the parameters, another not), so that condition waits until FINAL has chosen.
 *
 * @throws PhalanxError `STORE_ARGUMENT` for a share outside 0 to 1.
 */
export function sampleExchanges(from: string, { draws, minhash, ...window }: SampleQuery): string {
  const drawn = draws.map(({ accounts, signatures, share }) => {
    if (!(share >= 0 && share <= 1)) throw badArgument('a share lies outside 0 to 1');
    return {
      byKey: [
        ...(accounts ? [inList('account', accounts)] : []),
        ...(share < 1 ? [`lot < ${Math.ceil(share * LOTS)}`] : []),
      ],
      bySignature: signatures ? [inList(OBJECT_COLUMN.signature, signatures)] : [],
    };
  });
  const after = drawn.every(({ bySignature }) => bySignature.length === 0)
    ? ''
    : `WHERE ${anyOf(drawn.map(({ byKey, bySignature }) => [...byKey, ...bySignature]))}`;
  return `SELECT account, ${millis('at')} AS at_ms, toUInt32(bitShiftRight(sipHash64(id), 32)) AS lot,
    toUInt32(shape) AS shape, intents, prompt_hash, topics, ok, system_hash, fingerprint, parameters, network,
    output_tokens, if(model = '', toUInt64(0), sipHash64(model)) AS model_hash${minhash ? ', minhash' : ''}
  FROM ${from} FINAL PREWHERE ${inWindow(window)} AND (${anyOf(drawn.map(({ byKey }) => byKey))}) ${after} ORDER BY at, id`;
}

/** Alternatives of conditions that hold together; no alternative is false, no condition true. */
function anyOf(alternatives: readonly (readonly string[])[]): string {
  if (alternatives.some((conditions) => conditions.length === 0)) return '1';
  return alternatives.map((conditions) => `(${conditions.join(' AND ')})`).join(' OR ') || '0';
}

export function arrivals(from: string, window: TimeWindow, accounts?: BigUint64Array): string {
  return `SELECT account, ${millis('at')} AS at_ms FROM ${from} FINAL
  PREWHERE ${inWindow(window)}${accounts ? ` AND ${inList('account', accounts)}` : ''} ORDER BY at, id`;
}

/**
 * A literal list is one token group to the parser: 100,000 accounts are 2 MB of text, well under `max_query_size`.
 */
function inList(column: string, values: BigUint64Array): string {
  return values.length === 0 ? '0' : `${column} IN (${values.join(',')})`;
}

/** A condition on `at`. @throws PhalanxError `STORE_ARGUMENT` unless both ends are integers. */
export function inWindow({ fromMs, toMs }: TimeWindow): string {
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(toMs))
    throw badArgument('a time window is not two integers in milliseconds');
  const at = (ms: number) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`;
  const bounds = [
    ...(fromMs > LAST_AT_MS || toMs <= 0 ? ['0'] : []),
    ...(fromMs > 0 && fromMs <= LAST_AT_MS ? [`at >= ${at(fromMs)}`] : []),
    ...(toMs > 0 && toMs <= LAST_AT_MS ? [`at < ${at(toMs)}`] : []),
  ];
  return bounds.length === 0 ? '1' : bounds.join(' AND ');
}

/** A time as milliseconds since 1970. */
export function millis(expression: string): string {
  return `toFloat64(toUnixTimestamp64Milli(${expression}))`;
}

/** A count as UInt32, held at its maximum. */
export function saturate(expression: string): string {
  return `toUInt32(least(${expression}, 4294967295))`;
}

/** An argument that cannot become SQL. */
export function badArgument(message: string): PhalanxError<StoreErrorCode> {
  return new PhalanxError('STORE_ARGUMENT', message);
}
