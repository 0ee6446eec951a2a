import { fromHex, fromUtf8, LAST_MS, PhalanxError } from '@phalanx/core';
import type { Exchange, ExchangeRecord } from '@phalanx/domain';
import { z } from 'zod';
import type { Group } from './commitment.js';
import type { RecordErrorCode } from './record-error.js';

/** What each group of an exchange holds; null where the source did not say. Bytes are committed to as they are. */
export type GroupValues = Readonly<Record<Group, Uint8Array | null>>;

/**
 * An exchange in its six groups:
 *
 * | group | value |
 * |---|---|
 * | `who` | JSON: `accountId`, `organisationId`, `endUserId`, `client` |
 * | `request` | JSON: `id`, `startedAtMs`, `provider`, `model`, `operation`, `streamed`, `tools`, `parameters` |
 * | `response` | JSON: `status`, `finishReason`, token counts, `durationMs`, `ttftMs` |
 * | `prompt` | JSON: the messages |
 * | `completion` | the text, UTF-8; null when the source kept none |
 * | `detector` | JSON: the record that detection reads, see `parseDetectorGroup` |
 */
export function describeExchange(exchange: Exchange, record: ExchangeRecord): GroupValues {
  const { accountId, organisationId, endUserId, client, response, messages } = exchange;
  const { startedAtMs, provider, model, operation, streamed, tools, parameters } = exchange;
  const { status, finishReason, inputTokens, outputTokens, reasoningTokens, durationMs, ttftMs } = exchange;
  const id = hex(record.id);
  return {
    who: json({ accountId, organisationId, endUserId, client }),
    request: json({ id, startedAtMs, provider, model, operation, streamed, tools, parameters }),
    response: json({ status, finishReason, inputTokens, outputTokens, reasoningTokens, durationMs, ttftMs }),
    prompt: json(messages),
    completion: response === undefined ? null : encode(response),
    detector: formatDetectorGroup(record),
  };
}

/**
 * The record as JSON: 64-bit hashes as 16 hexadecimal digits, bytes as hexadecimal. Numbers end at 2^53 - 1: a duration in seconds may
 * overflow on its way to milliseconds, and JSON has no form for what comes out. By hand, because a replacer of JSON.stringify costs five
 * times as much.
 */
function formatDetectorGroup(record: ExchangeRecord): Uint8Array {
  let text = '';
  for (const name in record) {
    const value: unknown = record[name as keyof ExchangeRecord];
    const formatted =
      typeof value === 'bigint'
        ? `"${value.toString(16).padStart(16, '0')}"`
        : value instanceof Uint8Array
          ? `"${hex(value)}"`
          : JSON.stringify(typeof value === 'number' ? Math.min(value, Number.MAX_SAFE_INTEGER) : value);
    text += `${text === '' ? '{' : ','}"${name}":${formatted}`;
  }
  return encode(`${text}}`);
}

const Hash = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .transform((digits) => BigInt(`0x${digits}`));
const Bytes = (length: number) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-f]{${2 * length}}$`))
    .transform(fromHex);
const Count = z.number().min(0);

const DetectorGroup = z.object({
  id: Bytes(16),
  account: Hash,
  organisation: Hash,
  endUser: Hash,
  atMs: Count.int().max(LAST_MS),
  model: z.string(),
  operation: z.string(),
  ok: z.boolean(),
  streamed: z.boolean(),
  inputTokens: Count.int(),
  outputTokens: Count.int(),
  promptBytes: Count,
  responseBytes: Count,
  durationMs: Count,
  turns: Count,
  promptHash: Hash,
  minhash: Bytes(64),
  topics: Bytes(16),
  shape: Count.int(),
  intents: Count.int(),
  systemHash: Hash,
  toolsHash: Hash,
  responseHash: Hash,
  responseMinhash: Bytes(32),
  fingerprint: Hash,
  contradiction: z.boolean(),
  network: Hash,
  parameters: Hash,
});

/**
 * The record that detection read, out of an opened `detector` group.
 *
 * @throws PhalanxError `RECORD_OPENING` for anything else
 */
export function parseDetectorGroup(value: Uint8Array): ExchangeRecord {
  const parsed = DetectorGroup.safeParse(parseJson(value, 'detector'));
  if (!parsed.success) throw openingError('detector', parsed.error.issues[0]?.path.join('.') ?? 'its form');
  return parsed.data;
}

const WhoGroup = z.object({
  accountId: z.string().min(1).max(512),
  organisationId: z.string().max(512).optional(),
  endUserId: z.string().max(512).optional(),
});
export type WhoGroup = z.infer<typeof WhoGroup>;

/** @throws PhalanxError `RECORD_OPENING` */
export function parseWhoGroup(value: Uint8Array): WhoGroup {
  const parsed = WhoGroup.safeParse(parseJson(value, 'who'));
  if (!parsed.success) throw openingError('who', parsed.error.issues[0]?.path.join('.') ?? 'its form');
  return parsed.data;
}

function parseJson(value: Uint8Array, group: Group): unknown {
  try {
    return JSON.parse(fromUtf8(value));
  } catch {
    throw openingError(group, 'it is no JSON');
  }
}

function json(value: unknown): Uint8Array {
  return encode(JSON.stringify(value));
}

/** Several times faster than a TextEncoder on short texts: small buffers share memory. */
function encode(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function openingError(group: Group, what: string): PhalanxError<RecordErrorCode> {
  return new PhalanxError('RECORD_OPENING', `the ${group} group cannot be read: ${what}`);
}
