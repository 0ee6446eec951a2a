import { type ExchangeRecord, PROMPT_MINHASH_BYTES, signatureOf, TOPIC_BYTES } from '@phalanx/domain';
import { mix32 } from './random.js';
import { orderByTime } from './time-order.js';

const LAYOUT = {
  account: [BigUint64Array, 1],
  endUser: [BigUint64Array, 1],
  promptHash: [BigUint64Array, 1],
  systemHash: [BigUint64Array, 1],
  toolsHash: [BigUint64Array, 1],
  fingerprint: [BigUint64Array, 1],
  network: [BigUint64Array, 1],
  parameters: [BigUint64Array, 1],
  signature: [BigUint64Array, 1],
  /** Number of the name, from 1 in order of arrival; 0 without one. */
  model: [BigUint64Array, 1],
  atMs: [Float64Array, 1],
  shape: [Uint32Array, 1],
  intents: [Uint32Array, 1],
  outputTokens: [Uint32Array, 1],
  /** Sampling order: a hash of the exchange id. */
  lot: [Uint32Array, 1],
  contradiction: [Uint8Array, 1],
  ok: [Uint8Array, 1],
  minhash: [Uint8Array, PROMPT_MINHASH_BYTES],
  topics: [Uint8Array, TOPIC_BYTES],
} as const;

type Name = keyof typeof LAYOUT;
export type RecordColumns = { readonly [N in Name]: InstanceType<(typeof LAYOUT)[N][0]> };
const NAMES = Object.keys(LAYOUT) as Name[];

/** Copies records into columns, 188 bytes a row, ascending by time (equal times in the given order). */
export function collectColumns(records: Iterable<ExchangeRecord>): RecordColumns {
  let capacity = 1024;
  let columns = allocate(capacity);
  let n = 0;
  const models = new Map([['', 0n]]);
  for (const record of records) {
    if (n === capacity) {
      capacity *= 2;
      const grown = allocate(capacity);
      for (const name of NAMES) (grown[name] as Uint8Array).set(columns[name] as Uint8Array);
      columns = grown;
    }
    columns.account[n] = record.account;
    columns.endUser[n] = record.endUser;
    columns.promptHash[n] = record.promptHash;
    columns.systemHash[n] = record.systemHash;
    columns.toolsHash[n] = record.toolsHash;
    columns.fingerprint[n] = record.fingerprint;
    columns.network[n] = record.network;
    columns.parameters[n] = record.parameters;
    columns.signature[n] = signatureOf(record.parameters, record.systemHash);
    if (!models.has(record.model)) models.set(record.model, BigInt(models.size));
    columns.model[n] = models.get(record.model)!;
    columns.atMs[n] = record.atMs;
    columns.shape[n] = record.shape;
    columns.intents[n] = record.intents;
    columns.outputTokens[n] = record.outputTokens;
    columns.contradiction[n] = Number(record.contradiction);
    columns.ok[n] = Number(record.ok);
    columns.minhash.set(record.minhash, n * PROMPT_MINHASH_BYTES);
    columns.topics.set(record.topics, n * TOPIC_BYTES);
    let hash = 0;
    for (const byte of record.id) hash = Math.imul(hash ^ byte, 0x01000193);
    columns.lot[n] = mix32(hash);
    n++;
  }
  const order = orderRows(columns.atMs.subarray(0, n));
  return Object.fromEntries(
    NAMES.map((name) => [name, gather(columns, name, order)]),
  ) as unknown as RecordColumns;
}

/** The rows `order` of one column. */
export function gather<N extends Name>(
  columns: RecordColumns,
  name: N,
  order: Uint32Array,
): RecordColumns[N] {
  const [Type, width] = LAYOUT[name];
  const from = columns[name] as Uint8Array;
  const to = new Type(order.length * width) as Uint8Array;
  if (width === 1) for (let i = 0; i < order.length; i++) to[i] = from[order[i]!]!;
  else
    for (let i = 0; i < order.length; i++)
      to.set(from.subarray(order[i]! * width, (order[i]! + 1) * width), i * width);
  return to as RecordColumns[N];
}

function allocate(rows: number): RecordColumns {
  return Object.fromEntries(
    NAMES.map((name) => {
      const [Type, width] = LAYOUT[name];
      return [name, new Type(rows * width)];
    }),
  ) as unknown as RecordColumns;
}

function orderRows(atMs: Float64Array): Uint32Array {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const at of atMs) {
    if (at < low) low = at;
    if (at > high) high = at;
  }
  // The radix sort takes whole milliseconds over 49 days; anything else is sorted by comparison.
  if (high - low < 4294967296 && atMs.every((at) => Number.isInteger(at)))
    return orderByTime(Uint32Array.from(atMs, (at) => at - low));
  return Uint32Array.from(atMs.keys()).sort((a, b) => atMs[a]! - atMs[b]! || a - b);
}
