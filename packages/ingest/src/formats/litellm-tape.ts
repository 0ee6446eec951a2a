import type { Exchange } from '@phalanx/domain';
import { isJsonObject, readParameters, readToolNames } from '@phalanx/wire';
import { type KnownKey, type RowScanner, TapeKind } from '../scanner/row-scanner.js';
import { type PickedHeaders, pickHeaders } from './client.js';

/** What `model_parameters` says: the sampling parameters and the names of the tools. */
export interface Sampling {
  readonly parameters: Exchange['parameters'];
  readonly tools: string[] | undefined;
}

/** Reads `model_parameters`; anything but an object says nothing. */
export function readSampling(value: unknown): Sampling {
  const source = isJsonObject(value) ? value : {};
  return { parameters: Object.freeze(readParameters(source)), tools: readToolNames(source.tools) };
}

/** Of a row without `model_parameters`. */
export const NO_SAMPLING: Sampling = readSampling({});

// Nodes of the shape.
const PAYLOAD = 0;
const METADATA = 1;
const MESSAGE = 2;
const RESPONSE = 3;
const CHOICE = 4;
const ANSWER = 5;
const USAGE = 6;
const COMPLETION_DETAILS = 7;
const OUTPUT_DETAILS = 8;

/** Values that differ from row to row: remembering them would only push out others. */
const UNIQUE =
  'id litellm_call_id request_id startTime start_time endTime end_time completionStartTime content'.split(
    ' ',
  );
const scalars: KnownKey[] = [];

/** Lists scalar keys of a node; gives their members by name. */
function listScalars<const Name extends string>(node: number, names: readonly Name[]): Record<Name, number> {
  const members = {} as Record<Name, number>;
  for (const name of names) {
    const member = scalars.length + 1;
    scalars.push({ node, name, member, recurring: !UNIQUE.includes(name) });
    members[name] = member;
  }
  return members;
}

const P = listScalars(PAYLOAD, [
  'id',
  'litellm_call_id',
  'request_id',
  'startTime',
  'start_time',
  'endTime',
  'end_time',
  'completionStartTime',
  'call_type',
  'api_key',
  'user',
  'end_user',
  'response_time',
  'custom_llm_provider',
  'model',
  'status',
  'stream',
  'prompt_tokens',
  'completion_tokens',
  'user_agent',
  'requester_ip_address',
]);
const D = listScalars(METADATA, [
  'user_api_key_hash',
  'user_api_key_user_id',
  'user_api_key_org_id',
  'user_api_key_team_id',
  'user_api_key_end_user_id',
  'user_agent',
  'requester_ip_address',
]);
const T = listScalars(MESSAGE, ['role', 'content', 'tool_calls', 'function_call', 'refusal']);
const R = listScalars(RESPONSE, ['id', 'object', 'created', 'model', 'error']);
const C = listScalars(CHOICE, ['finish_reason']);
const A = listScalars(ANSWER, ['content', 'tool_calls', 'function_call', 'refusal']);
const U = listScalars(USAGE, ['prompt_tokens', 'input_tokens', 'completion_tokens', 'output_tokens']);
const CD = listScalars(COMPLETION_DETAILS, ['reasoning_tokens']);
const OD = listScalars(OUTPUT_DETAILS, ['reasoning_tokens']);

function memberAfter(offset: number): number {
  return scalars.length + offset;
}
const M = {
  METADATA: memberAfter(1),
  MESSAGES: memberAfter(2),
  RESPONSE: memberAfter(3),
  SAMPLING: memberAfter(4),
  HEADERS: memberAfter(5),
  CHOICES: memberAfter(6),
  MESSAGE: memberAfter(7),
  USAGE: memberAfter(8),
  COMPLETION_DETAILS: memberAfter(9),
  OUTPUT_DETAILS: memberAfter(10),
  FIRST_REFUSED: memberAfter(11),
} as const;

/** Members by which another dialect is told from chat completions. */
const FOREIGN = 'contents candidates output messages type content prompt input data'.split(' ');

/** The members of a payload that `litellm` looks at. */
export const LITELLM_KEYS: readonly KnownKey[] = [
  ...scalars,
  { node: PAYLOAD, name: 'metadata', member: M.METADATA, child: METADATA },
  { node: PAYLOAD, name: 'messages', member: M.MESSAGES, child: MESSAGE, list: true, text: true },
  { node: PAYLOAD, name: 'response', member: M.RESPONSE, child: RESPONSE, text: true },
  { node: PAYLOAD, name: 'model_parameters', member: M.SAMPLING, derive: readSampling },
  { node: METADATA, name: 'requester_custom_headers', member: M.HEADERS, derive: pickHeaders },
  { node: RESPONSE, name: 'choices', member: M.CHOICES, child: CHOICE, list: true },
  { node: CHOICE, name: 'message', member: M.MESSAGE, child: ANSWER },
  { node: RESPONSE, name: 'usage', member: M.USAGE, child: USAGE },
  { node: USAGE, name: 'completion_tokens_details', member: M.COMPLETION_DETAILS, child: COMPLETION_DETAILS },
  { node: USAGE, name: 'output_tokens_details', member: M.OUTPUT_DETAILS, child: OUTPUT_DETAILS },
  ...FOREIGN.map(
    (name, index): KnownKey => ({ node: RESPONSE, name, member: M.FIRST_REFUSED + index, refused: true }),
  ),
  { node: CHOICE, name: 'text', member: M.FIRST_REFUSED + FOREIGN.length, refused: true },
];

const slots: unknown[] = new Array(scalars.length + 64).fill(undefined);
const LAST_SLOT = M.FIRST_REFUSED;

/** Takes the values of a tape for `LITELLM_KEYS` apart. What the row does not say is undefined. */
export function readLitellmTape(tape: RowScanner) {
  const { values, length } = tape;
  const s = slots;
  for (let i = 0; i <= LAST_SLOT; i++) s[i] = undefined;
  const messages: unknown[] = [];
  const choices: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const member = tape.memberAt(i);
    const kind = tape.kindAt(i);
    if (kind === TapeKind.VALUE) s[member] = values[i];
    else if (kind === TapeKind.BEGIN) clearNode(member);
    else s[member] = endNode(member, messages, choices);
  }
  return {
    payload: {
      id: s[P.id],
      litellm_call_id: s[P.litellm_call_id],
      request_id: s[P.request_id],
      startTime: s[P.startTime],
      start_time: s[P.start_time],
      endTime: s[P.endTime],
      end_time: s[P.end_time],
      completionStartTime: s[P.completionStartTime],
      call_type: s[P.call_type],
      api_key: s[P.api_key],
      user: s[P.user],
      end_user: s[P.end_user],
      response_time: s[P.response_time],
      custom_llm_provider: s[P.custom_llm_provider],
      model: s[P.model],
      status: s[P.status],
      stream: s[P.stream],
      prompt_tokens: s[P.prompt_tokens],
      completion_tokens: s[P.completion_tokens],
      user_agent: s[P.user_agent],
      requester_ip_address: s[P.requester_ip_address],
    },
    metadata: {
      user_api_key_hash: s[D.user_api_key_hash],
      user_api_key_user_id: s[D.user_api_key_user_id],
      user_api_key_org_id: s[D.user_api_key_org_id],
      user_api_key_team_id: s[D.user_api_key_team_id],
      user_api_key_end_user_id: s[D.user_api_key_end_user_id],
      user_agent: s[D.user_agent],
      requester_ip_address: s[D.requester_ip_address],
    },
    messages: s[M.MESSAGES],
    response: s[M.RESPONSE],
    sampling: (s[M.SAMPLING] ?? undefined) as Sampling | undefined,
    headers: (s[M.HEADERS] ?? undefined) as PickedHeaders | undefined,
  };
}

/** Objects in lists share their members' slots: what the last one said must not stay. */
function clearNode(member: number): void {
  const from = member === M.MESSAGES ? T.role : member === M.CHOICES ? C.finish_reason : A.content;
  const to =
    member === M.MESSAGES
      ? T.refusal
      : member === M.CHOICES
        ? C.finish_reason
        : member === M.MESSAGE
          ? A.refusal
          : -1;
  for (let i = from; i <= to; i++) slots[i] = undefined;
  if (member === M.CHOICES) slots[M.MESSAGE] = undefined;
}

/** What stands in an object's slot when it ends. */
function endNode(member: number, messages: unknown[], choices: unknown[]): unknown {
  const s = slots;
  switch (member) {
    case M.MESSAGES:
      messages.push({
        role: s[T.role],
        content: s[T.content],
        tool_calls: s[T.tool_calls],
        function_call: s[T.function_call],
        refusal: s[T.refusal],
      });
      return messages;
    case M.CHOICES:
      choices.push({ finish_reason: s[C.finish_reason], message: s[M.MESSAGE] });
      return choices;
    case M.MESSAGE:
      return {
        content: s[A.content],
        tool_calls: s[A.tool_calls],
        function_call: s[A.function_call],
        refusal: s[A.refusal],
      };
    case M.COMPLETION_DETAILS:
      return { reasoning_tokens: s[CD.reasoning_tokens] };
    case M.OUTPUT_DETAILS:
      return { reasoning_tokens: s[OD.reasoning_tokens] };
    case M.USAGE:
      return {
        prompt_tokens: s[U.prompt_tokens],
        input_tokens: s[U.input_tokens],
        completion_tokens: s[U.completion_tokens],
        output_tokens: s[U.output_tokens],
        completion_tokens_details: s[M.COMPLETION_DETAILS],
        output_tokens_details: s[M.OUTPUT_DETAILS],
      };
    case M.RESPONSE:
      return {
        id: s[R.id],
        object: s[R.object],
        created: s[R.created],
        model: s[R.model],
        error: s[R.error],
        choices: s[M.CHOICES],
        usage: s[M.USAGE],
      };
    default:
      return undefined;
  }
}
