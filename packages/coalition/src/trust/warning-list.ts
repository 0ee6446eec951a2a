import { fromHex } from '@phalanx/core';
import { z } from 'zod';
import { refuse } from '../coalition-error.js';
import { parseJson } from '../stix/json-text.js';
import { type AddressRange, isWithin, parseAddressRange } from '../stix/pattern/address-range.js';
import { PERMANENT_BLOCKS, WIDEST_PREFIX } from './permanent-lists.js';
import { keyOfTrace, type Trace, TraceIndex } from './trace.js';

/** What many honest people share: what stands on it is never enforceable. */
export interface WarningList {
  readonly name: string;
  readonly ranges: readonly AddressRange[];
  /** Client fingerprints, as they are. */
  readonly clients: ReadonlySet<string>;
  readonly templates: TraceIndex;
  /** Entries of kinds that no trace here can have. */
  readonly unused: number;
}

/** Entries of one list; AWS's has about 10,000 and the longest published ones of domains a million, which no trace can be. */
const MAX_ENTRIES = 100_000;

const mispSchema = z.object({
  name: z.string().min(1).max(400),
  description: z.string(),
  version: z.int(),
  type: z.enum(['string', 'substring', 'hostname', 'cidr', 'regex']),
  matching_attributes: z.array(z.string()).optional(),
  list: z.array(z.string().max(4096)).max(MAX_ENTRIES),
});

/** Of a list of strings: entries are `params_digest:digest` of prompt fingerprints, of public evaluation sets for example. */
export const TEMPLATE_ATTRIBUTE = 'x-llm-prompt-fingerprint';
const CLIENT_ATTRIBUTES = new Set(['ja3-fingerprint-md5', 'ja4-plus', 'http2-fp']);

/**
 * Reads a list in the format of the MISP warning lists (their `schema.json`). Lists of blocks apply to addresses; lists of strings to client
 * fingerprints and, by `matching_attributes`, to prompt fingerprints. Host names, substrings and regular expressions match nothing that a trace can
 * be: they are counted as unused, and no expression is run.
 *
 * @throws PhalanxError `COALITION_TRUST` for what is no such list; `COALITION_LIMIT` as `parseJson`
 */
export function readWarningList(bytes: Uint8Array): WarningList {
  const parsed = mispSchema.safeParse(parseJson(bytes));
  if (!parsed.success)
    return refuse(
      'COALITION_TRUST',
      'this is no warning list',
      'its format is that of misp-warninglists',
      parsed.error,
    );
  const { name, type, list, matching_attributes: attributes = [] } = parsed.data;
  const ranges = type === 'cidr' ? list.map(parseAddressRange).filter((range) => range !== null) : [];
  const templates =
    type === 'string' && attributes.includes(TEMPLATE_ATTRIBUTE)
      ? list.map(readTemplate).filter((one) => one !== null)
      : [];
  const isOfClients = type === 'string' && attributes.some((attribute) => CLIENT_ATTRIBUTES.has(attribute));
  const clients = new Set(isOfClients ? list : []);
  return {
    name,
    ranges,
    clients,
    templates: new TraceIndex(templates),
    unused: list.length - ranges.length - templates.length - (isOfClients ? list.length : 0),
  };
}

/** What is permanent: special-purpose blocks. Always to be used, besides lists that are loaded. */
export function permanentList(): WarningList {
  const ranges = PERMANENT_BLOCKS.map(([block]) => parseAddressRange(block)!);
  return {
    name: 'special-purpose addresses (RFC 6890)',
    ranges,
    clients: new Set(),
    templates: new TraceIndex([]),
    unused: 0,
  };
}

/** Name of the list that a trace stands on, or of the rule that it breaks; null where none does. A block that only overlaps one stands on it. */
export function findWarning(trace: Trace, lists: readonly WarningList[]): string | null {
  switch (trace.kind) {
    case 'address-range': {
      const { range } = trace;
      if (range.prefix < WIDEST_PREFIX[range.bits as 32 | 128]) return 'blocks too wide for one customer';
      return (
        lists.find(({ ranges }) => ranges.some((one) => isWithin(range, one) || isWithin(one, range)))
          ?.name ?? null
      );
    }
    case 'client-fingerprint':
      return lists.find(({ clients }) => clients.has(trace.value))?.name ?? null;
    case 'prompt-fingerprint':
      return lists.find(({ templates }) => templates.findAlike(trace).length > 0)?.name ?? null;
    case 'matching-token':
      return null;
  }
}

/** Warnings of many traces at once, by key. */
export function findWarnings(traces: Iterable<Trace>, lists: readonly WarningList[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const trace of traces) {
    const name = findWarning(trace, lists);
    if (name !== null) found.set(keyOfTrace(trace), name);
  }
  return found;
}

function readTemplate(entry: string): Trace | null {
  const [, paramsDigest, digest] = /^([0-9a-f]{64}):([0-9a-f]{128})$/.exec(entry) ?? [];
  if (paramsDigest === undefined) return null;
  const lanes = fromHex(digest!);
  return lanes.every((lane) => lane === 0) ? null : { kind: 'prompt-fingerprint', paramsDigest, lanes };
}
