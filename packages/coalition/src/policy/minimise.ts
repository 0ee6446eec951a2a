import type { Json } from '@phalanx/core';
import { withoutSignature } from '../stix/object-digest.js';
import { parseAddressRange } from '../stix/pattern/address-range.js';
import { deriveId } from '../stix/stix-id.js';
import { asRecord, type StixObject } from '../stix/stix-object.js';
import { formatTimestamp, parseTimestamp } from '../stix/timestamp.js';
import { isConstant } from './allow-list/check-allowed.js';
import { DIGITS, FIGURES, LEAST_COUNT, mayTellBlock, type ReportedBlocks } from './precision.js';

const DAY_US = 86_400_000_000n;
/** Times that end something are moved to the end of their day, the others to its beginning. */
const ENDS = new Set(['last_seen']);
const TIMES = ['created', 'first_seen', 'last_seen', 'valid_from', 'valid_until'] as const;
/** Rounded up: evidence is never told stronger than it was found. */
const ROUNDED_UP = new Set(['tries', 'pools_examined', 'p_value_log10']);

/**
 * Objects as coarse as may be told: days, decades, two digits, blocks of /24 and /48, no count below ten. What cannot be made
 * lawful stays as it is and is refused by the checks. Objects that changed lose their signature and observables get the id of what they now
 * say, in references too: minimise first, then sign.
 */
export function minimiseObjects(objects: readonly StixObject[], reported: ReportedBlocks): StixObject[] {
  const renamed = new Map<string, string>();
  const coarse = objects.map((object) => {
    if (isConstant(object)) return object;
    const next = minimiseObject(object, reported);
    if (next.id !== object.id) renamed.set(object.id, next.id);
    return next;
  });
  const moved = coarse.map((object) =>
    isConstant(object) ? object : (rename(object, renamed) as StixObject),
  );
  // Two addresses of one block are one block now.
  const kept = new Map(moved.map((object) => [`${object.id} ${String(object.modified ?? '')}`, object]));
  return [...kept.values()].map((object) => {
    const before = objects.find(({ id }) => id === object.id);
    return before !== undefined && JSON.stringify(before) === JSON.stringify(object)
      ? before
      : withoutSignature(object);
  });
}

function minimiseObject(object: StixObject, reported: ReportedBlocks): StixObject {
  const next: { [property: string]: Json } = { ...object };
  const isFirst = object.modified === object.created;
  for (const name of isFirst ? [...TIMES, 'modified'] : TIMES) {
    const at = object[name];
    if (typeof at === 'string') next[name] = toDay(at, ENDS.has(name));
  }
  for (const [head, inner] of FIGURES) {
    const value = next[head!];
    if (inner === undefined && typeof value === 'number') next[head!] = roundFigure(value, head!);
    const record = asRecord(value);
    const figure = record?.[inner ?? ''];
    if (record !== null && inner !== undefined && typeof figure === 'number')
      next[head!] = { ...record, [inner]: roundFigure(figure, inner) };
  }
  if (typeof object.count === 'number' && object.count !== 0) {
    if (object.count < LEAST_COUNT) delete next.count;
    else next.count = 10 ** Math.floor(Math.log10(object.count) + 1e-12);
  }
  if (object.type === 'ipv4-addr' || object.type === 'ipv6-addr') {
    next.value = widen(String(object.value), reported);
  }
  if (typeof object.pattern === 'string') next.pattern = widenPattern(object.pattern, reported);
  const id =
    object.created === undefined && object.type.endsWith('-addr') ? deriveId(object.type, next) : null;
  return { ...next, type: object.type, id: id ?? object.id };
}

/** Blocks of a pattern, wherever a literal is one. The rest of the pattern stays. */
function widenPattern(pattern: string, reported: ReportedBlocks): string {
  return pattern
    .replace(/'([0-9A-Fa-f.:]{2,45}(?:\/[0-9]{1,3})?)'/g, (literal, text: string) =>
      parseAddressRange(text) === null || /^[0-9]+$/.test(text) ? literal : `'${widen(text, reported)}'`,
    )
    .replace(/src_ref\.value = (?='[0-9a-f.:]+\/)/g, 'src_ref.value ISSUBSET ');
}

/** The block of /24 or /48 around an address or a narrower block; any other text as it is. */
export function widen(text: string, reported: ReportedBlocks): string {
  const range = parseAddressRange(text);
  if (range === null || mayTellBlock(text, reported)) return text;
  const prefix = Math.min(range.prefix, range.bits === 32 ? 24 : 48);
  const free = BigInt(range.bits - prefix);
  return `${formatAddress((range.base >> free) << free, range.bits)}/${prefix}`;
}

function formatAddress(base: bigint, bits: number): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (base >> shift) & 255n).join('.');
  const words = Array.from({ length: 8 }, (_, i) => ((base >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  // A block of /48 ends in zeros.
  const last = words.findLastIndex((word) => word !== '0');
  return last >= 6 ? words.join(':') : `${words.slice(0, last + 1).join(':')}::`;
}

function toDay(at: string, isEnd: boolean): string {
  const us = parseTimestamp(at);
  if (us === null) return at;
  const day = us - (((us % DAY_US) + DAY_US) % DAY_US);
  return formatTimestamp(Number(day / 1000n) + (isEnd && us !== day ? 86_399_999 : 0));
}

function roundFigure(figure: number, name: string): number {
  const rounded = Number(figure.toPrecision(DIGITS));
  if (!ROUNDED_UP.has(name) || rounded >= figure || figure === 0) return rounded;
  const step = 10 ** (Math.floor(Math.log10(Math.abs(figure))) - DIGITS + 1);
  return Math.min(
    Number((rounded + step).toPrecision(DIGITS)),
    name === 'p_value_log10' ? 0 : Number.POSITIVE_INFINITY,
  );
}

function rename(value: Json, ids: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return ids.get(value) ?? value;
  if (Array.isArray(value)) {
    // References that became equal are one.
    const renamed = value.map((one) => rename(one, ids));
    return renamed.every((one) => typeof one === 'string') ? [...new Set(renamed)] : renamed;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rename(one, ids)]));
}
