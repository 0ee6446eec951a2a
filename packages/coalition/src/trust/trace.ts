import { fromHex, toHex } from '@phalanx/core';
import { BAND_LANES, BANDS, estimateSimilarity, SKETCH_LANES } from '../matching/template-bands.js';
import { CLIENT_FINGERPRINT } from '../stix/extensions/client-fingerprint.js';
import { OPRF_TOKEN } from '../stix/extensions/oprf-token.js';
import { PROMPT_FINGERPRINT } from '../stix/extensions/prompt-fingerprint.js';
import { type AddressRange, parseAddressRange } from '../stix/pattern/address-range.js';
import { parsePattern } from '../stix/pattern/parser.js';
import type { Comparison, ObservationExpression } from '../stix/pattern/syntax-tree.js';

/** Something that can be looked for in a lab's own telemetry: one alternative of an indicator's pattern. */
export type Trace =
  | { readonly kind: 'prompt-fingerprint'; readonly paramsDigest: string; readonly lanes: Uint8Array }
  | { readonly kind: 'matching-token'; readonly epoch: string; readonly token: string }
  | { readonly kind: 'address-range'; readonly range: AddressRange }
  | { readonly kind: 'client-fingerprint'; readonly property: ClientProperty; readonly value: string };
export type TraceKind = Trace['kind'];
export const TRACE_KINDS = [
  'prompt-fingerprint',
  'matching-token',
  'address-range',
  'client-fingerprint',
] as const satisfies readonly TraceKind[];

type ClientProperty = 'ja3_hash' | 'ja4' | 'ja4h' | 'http2_fp';
const CLIENT_PROPERTIES: ReadonlySet<string> = new Set(Object.keys(CLIENT_FINGERPRINT.properties));

/** Alternatives of one pattern; more is no indicator of one thing. */
export const MAX_TRACES = 500;

/**
 * Estimated Jaccard similarity from which two templates count as one. Two unrelated texts reach 0.1 in one of 10^5 pairs; two that
 * share their first 40 words and nothing else reach 0.5.
 */
export const ALIKE = 0.6;

/**
 * What a pattern looks for, each alternative once. Null when it is anything but alternatives of single traces: a pattern that asks for several things at
 * once, for an order or for times is not replayed here, and what is not replayed never becomes enforceable.
 *
 * @throws PhalanxError `COALITION_PATTERN`, `COALITION_LIMIT` as `parsePattern`
 */
export function readTraces(pattern: string): readonly Trace[] | null {
  const comparisons = listAlternatives(parsePattern(pattern));
  if (comparisons === null || comparisons.length > MAX_TRACES) return null;
  const traces = comparisons.map(readTrace);
  if (traces.some((trace) => trace === null)) return null;
  return [...new Map((traces as Trace[]).map((trace) => [keyOfTrace(trace), trace])).values()];
}

const keys = new WeakMap<Trace, string>();

/** Equal for equal traces, and only for those. Begins with the kind; of printable ASCII, 500 characters at most, so that any index holds it. */
export function keyOfTrace(trace: Trace): string {
  // Asked for dozens of times in one assessment.
  let key = keys.get(trace);
  if (key === undefined) keys.set(trace, (key = writeKey(trace)));
  return key;
}

function writeKey(trace: Trace): string {
  switch (trace.kind) {
    case 'prompt-fingerprint':
      return `${trace.kind}:${trace.paramsDigest}:${toHex(trace.lanes)}`;
    case 'matching-token':
      return `${trace.kind}:${trace.epoch}:${trace.token}`;
    case 'address-range':
      return `${trace.kind}:${trace.range.bits}:${trace.range.base.toString(16)}/${trace.range.prefix}`;
    case 'client-fingerprint':
      return `${trace.kind}:${trace.property}:${trace.value}`;
  }
}

/** The fingerprint behind a key; null for a key of another kind. */
export function fingerprintOfKey(key: string): Trace | null {
  const [, paramsDigest, lanes] = /^prompt-fingerprint:([0-9a-f]{64}):([0-9a-f]{128})$/.exec(key) ?? [];
  return paramsDigest === undefined
    ? null
    : { kind: 'prompt-fingerprint', paramsDigest, lanes: fromHex(lanes!) };
}

/** Finds among many traces those that are the same thing to a reader: equal, or templates alike. */
export class TraceIndex {
  readonly #traces = new Map<string, Trace>();
  readonly #bands = new Map<number, string[]>();

  constructor(traces: Iterable<Trace>) {
    for (const trace of traces) {
      const key = keyOfTrace(trace);
      if (this.#traces.has(key)) continue;
      this.#traces.set(key, trace);
      for (const band of bandsOf(trace)) {
        const keys = this.#bands.get(band);
        if (keys === undefined) this.#bands.set(band, [key]);
        else keys.push(key);
      }
    }
  }

  /** Keys, the trace's own first if it is there. */
  findAlike(trace: Trace): readonly string[] {
    const own = keyOfTrace(trace);
    const found = new Set(this.#traces.has(own) ? [own] : []);
    for (const band of bandsOf(trace))
      for (const key of this.#bands.get(band) ?? [])
        if (areAlike(trace, this.#traces.get(key)!)) found.add(key);
    return [...found];
  }
}

/** Whether two traces are the same thing to a reader. */
export function areAlike(a: Trace, b: Trace): boolean {
  if (a.kind === 'prompt-fingerprint' && b.kind === 'prompt-fingerprint')
    return a.paramsDigest === b.paramsDigest && estimateSimilarity(a.lanes, b.lanes) >= ALIKE;
  return keyOfTrace(a) === keyOfTrace(b);
}

/** Bands as numbers: which of the 16, and its four lanes. Two sets of parameters may meet in one, and are told apart by `areAlike`. */
function bandsOf(trace: Trace): readonly number[] {
  if (trace.kind !== 'prompt-fingerprint') return [];
  const view = new DataView(trace.lanes.buffer, trace.lanes.byteOffset, trace.lanes.byteLength);
  return Array.from({ length: BANDS }, (_, band) => band * 2 ** 32 + view.getUint32(band * BAND_LANES));
}

function listAlternatives(expression: ObservationExpression): readonly Comparison[] | null {
  if (expression.kind === 'observation') return splitOr(expression.comparison);
  if (expression.kind !== 'or') return null;
  const parts = expression.operands.map(listAlternatives);
  return parts.some((part) => part === null) ? null : (parts as Comparison[][]).flat();
}

function splitOr(comparison: Comparison): readonly Comparison[] {
  return comparison.kind === 'or' ? comparison.operands.flatMap(splitOr) : [comparison];
}

/** `type:path` and text of every `=` or ISSUBSET that must hold together; null where anything else is asked. */
function listTests(
  comparison: Comparison,
): readonly (readonly [path: string, operator: string, text: string])[] | null {
  if (comparison.kind === 'and') {
    const parts = comparison.operands.map(listTests);
    return parts.some((part) => part === null) ? null : (parts as [string, string, string][][]).flat();
  }
  if (comparison.kind !== 'test' || comparison.negated) return null;
  const { path, operator, operands } = comparison;
  const [literal] = operands;
  if (operands.length !== 1 || literal?.kind !== 'string' || (operator !== '=' && operator !== 'ISSUBSET'))
    return null;
  const steps = path.steps.map((step) => (step.kind === 'key' ? step.key : '[]'));
  return [[`${path.objectType}:${steps.join('.')}`, operator, literal.value]];
}

const ADDRESS_PATHS = new Set(['network-traffic:src_ref.value', 'ipv4-addr:value', 'ipv6-addr:value']);
const CLIENT_PATH = `network-traffic:extensions.${CLIENT_FINGERPRINT.id}.`;

function readTrace(comparison: Comparison): Trace | null {
  const tests = listTests(comparison);
  if (tests === null) return null;
  const [[path, , text] = ['', '', '']] = tests;
  if (tests.length === 1 && ADDRESS_PATHS.has(path)) {
    const range = parseAddressRange(text);
    return range === null ? null : { kind: 'address-range', range };
  }
  if (tests.length === 1 && path.startsWith(CLIENT_PATH)) {
    const property = path.slice(CLIENT_PATH.length);
    if (!CLIENT_PROPERTIES.has(property) || !/^[\x21-\x7e]{1,400}$/.test(text)) return null;
    return { kind: 'client-fingerprint', property: property as ClientProperty, value: text };
  }
  const equal = new Map(tests.filter(([, operator]) => operator === '=').map(([at, , value]) => [at, value]));
  if (equal.size !== tests.length) return null;
  return readFingerprint(equal) ?? readToken(equal);
}

function readFingerprint(equal: ReadonlyMap<string, string>): Trace | null {
  const type = PROMPT_FINGERPRINT.name;
  const [paramsDigest, digest] = [equal.get(`${type}:params_digest`), equal.get(`${type}:digest`)];
  const algorithm = equal.get(`${type}:algorithm`);
  const known =
    equal.size === (algorithm === undefined ? 2 : 3) &&
    (algorithm ?? 'phalanx-template-1') === 'phalanx-template-1';
  if (!known || !/^[0-9a-f]{64}$/.test(paramsDigest ?? '') || !/^[0-9a-f]{128}$/.test(digest ?? ''))
    return null;
  const lanes = fromHex(digest!);
  // Lanes of nothing are like those of every text without words.
  return lanes.length === SKETCH_LANES && lanes.some((lane) => lane !== 0)
    ? { kind: 'prompt-fingerprint', paramsDigest: paramsDigest!, lanes }
    : null;
}

function readToken(equal: ReadonlyMap<string, string>): Trace | null {
  const type = OPRF_TOKEN.name;
  const [epoch, token] = [equal.get(`${type}:key_epoch`), equal.get(`${type}:token`)];
  const further = ['suite', 'value_class'].filter((name) => equal.has(`${type}:${name}`)).length;
  if (
    equal.size !== 2 + further ||
    !/^[a-z0-9-]{1,64}$/.test(epoch ?? '') ||
    !/^[0-9a-f]{32,128}$/.test(token ?? '')
  )
    return null;
  return { kind: 'matching-token', epoch: epoch!, token: token! };
}
