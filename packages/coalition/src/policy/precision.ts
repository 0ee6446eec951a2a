import type { Json } from '@phalanx/core';
import { parseAddressRange } from '../stix/pattern/address-range.js';
import type { StixObject } from '../stix/stix-object.js';
import { readAllowedPattern } from './allow-list/allowed-pattern.js';
import { isConstant } from './allow-list/check-allowed.js';
import type { ReleaseReason, ReleaseReasonCode } from './release-reason.js';

/** Blocks that may be narrower because enough labs saw them independently, by private matching: text of the block to how many labs. */
export type ReportedBlocks = ReadonlyMap<string, number>;

/** From so many labs on a block narrower than /24 or /48 may be told. */
export const ENOUGH_LABS = 3;
/** Of accounts or events: fewer point at people. */
export const LEAST_COUNT = 10;
/** Significant digits of a figure. */
export const DIGITS = 2;

/** Times of what was observed, and of the indicator: whole days. `modified` of a later version may be finer, since versions have an order. */
const TIMES = ['created', 'first_seen', 'last_seen', 'valid_from', 'valid_until'] as const;
const WHOLE_DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:00:00:00(?:\.000)?|23:59:59\.999)Z$/;

/** Figures of an object that are rounded, by their places. */
export const FIGURES: readonly (readonly string[])[] = [
  ['features', 'template_reuse'],
  ['features', 'interarrival_cv'],
  ['features', 'shared_egress'],
  ['features', 'coverage_entropy'],
  ['features', 'log10_e_coordination'],
  ['features', 'log10_e_demand'],
  ['features', 'pools_examined'],
  ['tokens_scored'],
  ['score'],
  ['p_value_log10'],
  ['share'],
  ['tries'],
];

/** What of an object is finer than may be told. */
export function checkPrecision(object: StixObject, index: number, reported: ReportedBlocks): ReleaseReason[] {
  if (isConstant(object)) return [];
  const reasons: ReleaseReason[] = [];
  const add = (code: ReleaseReasonCode, place: string, detail: string) =>
    reasons.push({ code, object: index, place, detail });
  const isFirst = object.modified === object.created;
  for (const name of isFirst ? [...TIMES, 'modified'] : TIMES) {
    const at = object[name];
    if (typeof at === 'string' && !WHOLE_DAY.test(at)) add('time-too-fine', `/${name}`, 'finer than a day');
  }
  for (const place of FIGURES) {
    const figure = readPlace(object, place);
    if (typeof figure === 'number' && figure !== Number(figure.toPrecision(DIGITS)))
      add('figure-too-fine', `/${place.join('/')}`, `more than ${DIGITS} digits`);
  }
  const { count } = object;
  if (typeof count === 'number' && count !== 0) {
    if (count < LEAST_COUNT) add('count-too-small', '/count', `below ${LEAST_COUNT}`);
    else if (!Number.isInteger(Math.log10(count))) add('figure-too-fine', '/count', 'not a decade');
  }
  const blocks = typeof object.pattern === 'string' ? (readAllowedPattern(object.pattern)?.blocks ?? []) : [];
  const isAddress = object.type === 'ipv4-addr' || object.type === 'ipv6-addr';
  for (const block of isAddress ? [...blocks, String(object.value)] : blocks)
    if (!mayTellBlock(block, reported))
      add(
        'address-too-narrow',
        isAddress ? '/value' : '/pattern',
        'narrower than /24 or /48, or not a block',
      );
  return reasons;
}

/** Whether a block is wide enough, or enough labs reported it. Low bits that are set say more than the block does. */
export function mayTellBlock(text: string, reported: ReportedBlocks): boolean {
  const range = parseAddressRange(text);
  if (range === null || !text.includes('/')) return false;
  const address = parseAddressRange(text.split('/')[0]!)!;
  if (address.base !== range.base) return false;
  const narrowest = range.bits === 32 ? 24 : 48;
  return range.prefix <= narrowest || (reported.get(text) ?? 0) >= ENOUGH_LABS;
}

function readPlace(object: StixObject, place: readonly string[]): Json | undefined {
  return place.reduce<Json | undefined>(
    (value, name) =>
      typeof value === 'object' && value !== null ? (value as Record<string, Json>)[name] : undefined,
    object as Json,
  );
}
