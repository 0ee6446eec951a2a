import { Account, type Exchange } from '@phalanx/domain';
import { isJsonObject, readChatMessages, readToolNames } from '@phalanx/wire';
import { rejectRow } from '../error.js';
import { describeClient } from './client.js';
import { finishExchange } from './exchange-draft.js';
import {
  decodeJson,
  objectAt,
  readCount,
  readDurationMs,
  readFlag,
  readLabel,
  readNumber,
  readText,
  readTimeMs,
} from './field.js';
import type { Format, Intervention } from './format.js';

const ACCOUNT_FIELDS = Object.keys(Account.shape);
const INTERVENTION_KINDS = ['delay', 'throttle', 'verify', 'suspend'] as const;
const OPERATIONS = ['chat', 'completion', 'embedding', 'other'] as const;
const INTERVENTION_ARMS = ['', 'treated', 'control'] as const;

/** Our own account rows: the fields of domain's `Account`, as JSON or CSV. Times by `readTimeMs`. */
export const phalanxAccounts: Format = {
  name: 'phalanx-accounts',
  title: 'Phalanx account rows (domain Account)',
  detect(row) {
    if (typeof row.accountId !== 'string' || 'messages' in row || 'kind' in row) return 0;
    const known = Object.keys(row).filter((key) => ACCOUNT_FIELDS.includes(key)).length;
    return known / Math.max(1, Object.keys(row).length);
  },
  read(row) {
    const filled: Record<string, unknown> = {};
    for (const field of ACCOUNT_FIELDS) {
      const value = row[field];
      if (value !== undefined && value !== null && value !== '') filled[field] = value;
    }
    if (typeof filled.accountId === 'number') filled.accountId = String(filled.accountId);
    filled.createdAtMs = readTimeMs(filled.createdAtMs, 'createdAtMs');
    const parsed = Account.safeParse(filled);
    if (!parsed.success)
      throw rejectRow(parsed.error.issues.map(({ path }) => `${path.join('.')} is wrong`).join(', '));
    return [{ kind: 'account', account: parsed.data }];
  },
};

/** Interventions: `{id, accountId, kind, arm, fromMs, toMs}`, as JSON or CSV. */
export const phalanxInterventions: Format = {
  name: 'phalanx-interventions',
  title: 'Phalanx interventions',
  detect: (row) => ('accountId' in row && 'kind' in row && 'fromMs' in row && 'toMs' in row ? 1 : 0),
  read(row) {
    const id = readLabel(row.id, 'id', 512);
    const accountId = readLabel(row.accountId, 'accountId', 512);
    const kind = INTERVENTION_KINDS.find((known) => known === row.kind);
    const arm = INTERVENTION_ARMS.find((known) => known === (row.arm ?? ''));
    const fromMs = readTimeMs(row.fromMs, 'fromMs');
    const toMs = readTimeMs(row.toMs, 'toMs');
    if (id === undefined || accountId === undefined) throw rejectRow('no id or accountId');
    if (kind === undefined) throw rejectRow(`kind is none of ${INTERVENTION_KINDS.join(', ')}`);
    if (arm === undefined) throw rejectRow('arm is none of "", treated, control');
    if (fromMs === undefined || toMs === undefined || toMs < fromMs)
      throw rejectRow('no interval fromMs..toMs');
    const intervention: Intervention = { id, accountId, kind, arm, fromMs, toMs };
    return [{ kind: 'intervention', intervention }];
  },
};

/** Our own exchanges: the fields of domain's `Exchange` as JSON, as the simulator and other tools of ours write them. */
export const phalanxExchanges: Format = {
  name: 'phalanx-exchanges',
  title: 'Phalanx exchanges (domain Exchange)',
  detect: (row) =>
    typeof row.accountId === 'string' && 'startedAtMs' in row && 'messages' in row
      ? 'operation' in row
        ? 1
        : 0.8
      : 0,
  read(row, context) {
    const client = objectAt(row, 'client');
    const parameters = decodeJson(row.parameters);
    return [
      finishExchange(
        {
          sourceId: readLabel(row.sourceId, 'sourceId', 512),
          accountId: readLabel(row.accountId, 'accountId', 512),
          organisationId: readLabel(row.organisationId, 'organisationId', 512),
          endUserId: readLabel(row.endUserId, 'endUserId', 512),
          startedAtMs: readTimeMs(readNumber(row.startedAtMs, 'startedAtMs'), 'startedAtMs', 'ms'),
          durationMs: readDurationMs(row.durationMs, 'durationMs', 'ms'),
          ttftMs: readDurationMs(row.ttftMs, 'ttftMs', 'ms'),
          provider: readLabel(row.provider, 'provider', 128),
          model: readLabel(row.model, 'model', 256),
          operation: oneOf<Exchange['operation']>(row.operation ?? 'chat', OPERATIONS, 'operation'),
          status: oneOf<Exchange['status']>(row.status ?? 'ok', ['ok', 'error'], 'status'),
          streamed: readFlag(row.streamed),
          messages: readMessages(decodeJson(row.messages)),
          tools: readToolList(decodeJson(row.tools)),
          response: typeof row.response === 'string' ? row.response : undefined,
          finishReason: readText(row.finishReason, 64),
          inputTokens: readCount(row.inputTokens, 'inputTokens'),
          outputTokens: readCount(row.outputTokens, 'outputTokens'),
          reasoningTokens: readCount(row.reasoningTokens, 'reasoningTokens'),
          parameters: isJsonObject(parameters) ? scalarsOf(parameters) : undefined,
          client: describeClient(client.userAgent, client.ip, client.headers),
        },
        context,
      ),
    ];
  },
};

function oneOf<T extends string>(value: unknown, allowed: readonly T[], name: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw rejectRow(`${name} is none of ${allowed.join(', ')}`);
  return found;
}

/** `{role, text}`, as we write them; `{role, content}` is taken too. */
function readMessages(value: unknown): Exchange['messages'] {
  if (!Array.isArray(value)) throw rejectRow('messages is not a list');
  return readChatMessages(
    value.map((message) => (isJsonObject(message) ? { content: message.text, ...message } : message)),
    'messages',
  );
}

function readToolList(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((name) => typeof name === 'string') ? (value as string[]) : readToolNames(value);
}

function scalarsOf(source: Readonly<Record<string, unknown>>): NonNullable<Exchange['parameters']> {
  const scalars: NonNullable<Exchange['parameters']> = {};
  for (const [name, value] of Object.entries(source))
    if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
      scalars[name] = value as string;
  return scalars;
}
