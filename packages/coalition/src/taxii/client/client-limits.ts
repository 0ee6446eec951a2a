import { STIX_LIMITS } from '../../stix/stix-limits.js';

/** What somebody else's server may cost. */
export const CLIENT_LIMITS = {
  /** Bytes of one answer: what `parseJson` takes. */
  bodyBytes: STIX_LIMITS.jsonBytes,
  /** From sending a request to the last byte of its answer. */
  requestMs: 60_000,
  /** How often one thing is asked before its fault is told. */
  attempts: 4,
  /** First wait between attempts; each further one is twice as long. */
  firstWaitMs: 500,
  /** Longest wait between attempts; a server that asks for longer gets an error that may be tried again. */
  longestWaitMs: 120_000,
  /** Redirects of one request, all within the origin. */
  redirects: 3,
  /** Objects asked for in a page. */
  page: 500,
  /** Objects asked for in a page when a smaller one has one time of addition throughout. */
  largestPage: 32_000,
  /** Answers of one reading. */
  answers: 200_000,
  /** Answers in a row that lead nowhere. */
  barrenAnswers: 4,
  /** Objects sent in one POST. */
  batchObjects: 500,
  /** Bytes of one POST, where the API root names none or more. */
  batchBytes: 8 * 1024 * 1024,
  /** How long a POST may be pending. */
  pendingMs: 300_000,
  /** Items of a list that is no page: collections, API roots. */
  listed: 10_000,
  /** UTF-16 code units of a title, description, `next` or message that is kept. */
  textUnits: 8_192,
} as const;
