import { utf8 } from './bytes.js';
import { canonicalJson, type Json } from './canonical-json.js';

/** An HTTP answer of canonical JSON that no cache keeps. */
export function answerJson(
  status: number,
  body: Json,
  {
    type = 'application/json',
    headers = {},
  }: { type?: string; headers?: Readonly<Record<string, string>> } = {},
): Response {
  return new Response(utf8(canonicalJson(body)), {
    status,
    headers: { ...headers, 'content-type': type, 'cache-control': 'no-store' },
  });
}

/** A refusal as problem details (RFC 9457) of the generic type. */
export function answerProblem(
  status: number,
  title: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return answerJson(status, { status, title }, { type: 'application/problem+json', headers });
}
