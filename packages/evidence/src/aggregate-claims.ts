import { fromUtf8 } from '@phalanx/core';
import type { ExchangeRecord } from '@phalanx/domain';
import { parseDetectorGroup } from '@phalanx/record';
import { z } from 'zod';
import type { OpenedGroups } from './openings.js';

/** A figure over all opened exchanges, and how to find it again. */
export const AggregateClaim = z.strictObject({
  name: z.string().min(1).max(500),
  value: z.union([z.number(), z.string().max(4000)]),
  recompute: z.string().min(1).max(4000),
});
export type AggregateClaim = z.infer<typeof AggregateClaim>;

/** Named apart; what is rarer is counted together, so that a claim stays a claim and not a list. */
const MAX_MODELS = 20;

/**
 * Counts over opened metadata. Whoever holds the openings gets the same figures, to the last digit, from these members of the `detector`
 * group.
 */
export class AggregateCounts {
  #exchanges = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #failed = 0;
  readonly #requests = new Set<string>();
  readonly #accounts = new Set<bigint>();
  readonly #models = new Map<string, number>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;

  /**
   * @returns what the `detector` group holds; null when it is not opened
   * @throws PhalanxError `RECORD_OPENING` for a group that is no record of an exchange
   */
  add({ detector }: OpenedGroups): ExchangeRecord | null {
    if (detector === undefined) return null;
    const record = parseDetectorGroup(detector);
    this.#exchanges++;
    this.#requests.add(Buffer.from(record.id).toString('latin1'));
    this.#accounts.add(record.account);
    this.#inputTokens += record.inputTokens;
    this.#outputTokens += record.outputTokens;
    if (!record.ok) this.#failed++;
    this.#models.set(record.model, (this.#models.get(record.model) ?? 0) + 1);
    this.#first = Math.min(this.#first, record.atMs);
    this.#last = Math.max(this.#last, record.atMs);
    return record;
  }

  /** In a fixed order; empty when nothing was opened. */
  claims(): AggregateClaim[] {
    if (this.#exchanges === 0) return [];
    const time = (ms: number): string => new Date(ms).toISOString();
    const models = [...this.#models].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
    const rest = models.slice(MAX_MODELS).reduce((sum, [, count]) => sum + count, 0);
    return [
      claim('exchanges', this.#exchanges, 'count the entries whose detector group is opened'),
      claim('requests', this.#requests.size, 'count the different values of id'),
      claim('accounts', this.#accounts.size, 'count the different values of account'),
      claim('first exchange', time(this.#first), 'the smallest atMs, as UTC'),
      claim('last exchange', time(this.#last), 'the largest atMs, as UTC'),
      claim('failed requests', this.#failed, 'count the entries with ok false'),
      claim('input tokens', this.#inputTokens, 'add inputTokens'),
      claim('output tokens', this.#outputTokens, 'add outputTokens'),
      ...models
        .slice(0, MAX_MODELS)
        .map(([model, count]) =>
          claim(`exchanges with model ${JSON.stringify(model)}`, count, 'count the entries with this model'),
        ),
      ...(rest === 0
        ? []
        : [claim('exchanges with other models', rest, 'count the entries of no model above')]),
    ];
  }
}

/** @throws z.ZodError, SyntaxError or TypeError for anything but a list of claims */
export function parseClaims(json: Uint8Array): AggregateClaim[] {
  return z
    .array(AggregateClaim)
    .max(1000)
    .parse(JSON.parse(fromUtf8(json)));
}

function claim(name: string, value: number | string, recompute: string): AggregateClaim {
  return { name: name.slice(0, 500), value, recompute };
}
