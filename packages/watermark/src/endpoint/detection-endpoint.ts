import { createHash, timingSafeEqual } from 'node:crypto';
import { answerJson, answerProblem, fromUtf8, readBody, toHex } from '@phalanx/core';
import { z } from 'zod';
import type { Admission, OracleGuard } from './oracle-guard.js';

/** Longest body of a question, in bytes. */
export const MAX_QUESTION_BYTES = 1 << 20;

/**
 * All that a stranger is told: two words for what may be five hundred orders of magnitude of evidence. `marked` needs
 * `logP` at most `MARKED_LOG_P`, so that a million questions a year about unmarked texts give one wrong `marked` in a thousand years.
 */
export type PublicAnswer = 'marked' | 'no mark found' | 'too short';

/** ln 1e-9. */
export const MARKED_LOG_P = Math.log(1e-9);
/** Scored tokens below which the answer is `too short`: `no mark found` would say nothing there. */
export const LEAST_SCORED = 200;

/** One that may ask: SHA-256, hex, of the bearer token that they hold. */
export interface EndpointCaller {
  readonly name: string;
  readonly tokenSha256: string;
}

/** What is kept of a question: no text and no figure that was not told. */
export interface QuestionRecord {
  readonly caller: string;
  readonly textSha256: string;
  readonly outcome: PublicAnswer | Exclude<Admission, 'admitted'>;
}

export interface DetectionEndpointSettings {
  readonly callers: readonly EndpointCaller[];
  readonly guard: OracleGuard;
  readonly encode: (text: string) => Int32Array;
  readonly detect: (tokens: Int32Array) => { readonly logP: number; readonly scored: number };
  /** Told of each question before it is answered. */
  readonly onQuestion?: (record: QuestionRecord) => void;
}

const Question = z.strictObject({ text: z.string() });
const BEARER = /^Bearer ([\x21-\x7e]{16,512})$/;

/**
 * `POST /v1/detections` with `{"text": ...}` and a bearer token; answers `{"answer": ...}`, or problem+json (RFC 9457). The
 * answer's bytes are one of three; its time grows with the text and was not made independent of the score.
 */
export function makeDetectionHandler(
  settings: DetectionEndpointSettings,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (new URL(request.url).pathname !== '/v1/detections') return answerProblem(404, 'no such resource');
    if (request.method !== 'POST') return answerProblem(405, 'ask by POST', { allow: 'POST' });
    const caller = findCaller(settings.callers, request.headers.get('authorization'));
    if (caller === null)
      return answerProblem(401, 'a bearer token is needed', { 'www-authenticate': 'Bearer' });
    const text = await readQuestion(request);
    if (text === null) return answerProblem(400, 'the body must be {"text": "..."}');
    const tokens = settings.encode(text);
    const note = (outcome: QuestionRecord['outcome']) =>
      settings.onQuestion?.({ caller: caller.name, textSha256: sha256(text), outcome });
    const admission = settings.guard.admit(caller.name, tokens);
    if (admission !== 'admitted') {
      note(admission);
      return answerProblem(429, REFUSALS[admission], { 'retry-after': '3600' });
    }
    const { logP, scored } = settings.detect(tokens);
    const answer: PublicAnswer =
      scored < LEAST_SCORED ? 'too short' : logP <= MARKED_LOG_P ? 'marked' : 'no mark found';
    note(answer);
    return answerJson(200, { answer });
  };
}

const REFUSALS: Record<Exclude<Admission, 'admitted'>, string> = {
  'caller-limit': 'you have asked as often as you may',
  'total-limit': 'too many questions at the moment',
  'version-limit': 'too many versions of this text were asked about',
};

/** Compares with every caller, so that time does not tell which token is nearly right. */
function findCaller(callers: readonly EndpointCaller[], header: string | null): EndpointCaller | null {
  const token = BEARER.exec(header ?? '')?.[1];
  if (token === undefined) return null;
  const digest = createHash('sha256').update(token).digest();
  let found: EndpointCaller | null = null;
  for (const caller of callers) {
    const expected = Buffer.from(caller.tokenSha256, 'hex');
    if (expected.length === digest.length && timingSafeEqual(expected, digest)) found = caller;
  }
  return found;
}

async function readQuestion(request: Request): Promise<string | null> {
  try {
    const body = await readBody(request, MAX_QUESTION_BYTES);
    if (body === null) return null;
    return Question.parse(JSON.parse(fromUtf8(body))).text;
  } catch {
    return null;
  }
}

function sha256(text: string): string {
  return toHex(createHash('sha256').update(text).digest());
}
