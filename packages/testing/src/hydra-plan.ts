import { checkInteger, checkRange, planError } from './error.js';
import { checkSources, type SourceShare } from './tenants/ordinary.js';

/** Which account of a pool serves a request. */
export type CoverMode = 'lru' | 'sticky' | 'pinned' | 'none';
export type AttackSchedule = 'lru' | 'sticky' | 'random' | 'subset';

/** Honest customers whose prompts, as sent, never repeat; by the file in `tenants/` that draws them. */
export type ProductKind = 'ticket-product' | 'document-pipeline';

/** What a careful thief does to look like people. */
export interface Disguise {
  /** Share of attack prompts turned to lower case, letters mistyped, final punctuation dropped. */
  readonly lowerShare: number;
  readonly typos: number;
  readonly dropEnd: number;
  /** Small talk in front of prompts, an own choice for each account. */
  readonly personas: boolean;
  /** Share of attack requests that repeat one of the campaign's last eight prompts. */
  readonly repeatShare: number;
  /** Attack bursts of this many requests stay on one account. */
  readonly block: number;
  /** Share of the pool's accounts that carry the attack. */
  readonly accountShare: number;
}

/**
 * A pool of accounts steered by one hand: with attack it is a distillation campaign, with `attackShare` 0 or `products` an
 * undeclared reseller.
 */
export interface HydraPlan {
  /** Name of the pool; also the label. Unique in a world. */
  readonly name: string;
  /** Label class: 'A1'..'A10', or 'aggregator-undeclared' and the like when there is no attack. */
  readonly class: string;
  readonly accounts: number;
  readonly requestsPerAccountDay: number;
  /** Share of all requests that are the attack's, 0..1. */
  readonly attackShare: number;
  readonly cover: CoverMode;
  readonly attackSchedule: AttackSchedule;
  readonly attackSources: readonly SourceShare[];
  readonly coverSources: readonly SourceShare[];
  /** Reseller's customers per account of the pool, when cover is not pinned; at least 20 customers. */
  readonly customersPerAccount: number;
  /** Share of attack prompts that ask for written-out reasoning. */
  readonly elicitationShare: number;
  /** Text around each attack prompt, or null. `{}` stands for the prompt. */
  readonly wrapper: string | null;
  /** Each attack prompt is asked this often (n-best). */
  readonly samples: number;
  /** Mean conversation length of attack requests; above 1 with tools. */
  readonly attackTurns: number;
  readonly attackTools: readonly string[];
  /** One header set frozen for each account from few stale ones, drawn anew for each request, or natural. */
  readonly fingerprints: 'frozen' | 'rotated' | 'natural';
  /** Attack requests all carry one parameter set per source, or draw them as people do. */
  readonly attackParameters: 'one' | 'natural';
  /** The relay puts one parameter set of its own on every request, whoever asks. */
  readonly stamped: boolean;
  /** 0 shared cards, one proxy range, sign-up in hours; 1 cards and proxies shared by about 10, sign-up over days; 2 cards by about 3, residential proxies now and then shared; 3 nothing shared beyond chance. */
  readonly carefulness: 0 | 1 | 2 | 3;
  readonly programme: string;
  /** Accounts come into use evenly over so many days from the start of the world. */
  readonly staggerDays: number;
  /** Day on which the attack starts; cover runs before. */
  readonly attackFromDay: number;
  /** Half of the attack goes to the new model within 24 hours of its release, and all after. */
  readonly releasePivot: boolean;
  /** Share of accounts suspended on that day, and days until as many new ones are in place. */
  readonly suspension: { readonly day: number; readonly share: number; readonly regrowthDays: number } | null;
  readonly disguise: Disguise | null;
  /**
   * Honest customers in the attack's place: their requests make up `attackShare` of all, in equal parts, and are scheduled
   * as an attack's. They ask `attackSources` in their own way; settings of an attack's wording and parameters do not apply.
   */
  readonly products: { readonly kind: ProductKind; readonly customers: number } | null;
}

/** Defaults of every plan: an LRU relay of 1,000 accounts, 26 requests each a day, 5 % attack. */
export const HYDRA_DEFAULTS: Omit<HydraPlan, 'attackSources' | 'coverSources'> = {
  name: 'hydra',
  class: 'A2',
  accounts: 1000,
  requestsPerAccountDay: 26,
  attackShare: 0.05,
  cover: 'lru',
  attackSchedule: 'lru',
  customersPerAccount: 0.4,
  elicitationShare: 0,
  wrapper: null,
  samples: 1,
  attackTurns: 1,
  attackTools: [],
  fingerprints: 'frozen',
  attackParameters: 'one',
  stamped: false,
  carefulness: 2,
  programme: '',
  staggerDays: 0,
  attackFromDay: 0,
  releasePivot: false,
  suspension: null,
  disguise: null,
  products: null,
};

/** The sources that a caller chooses for a pool, and whatever else it overrides. */
export type HydraOptions = Pick<HydraPlan, 'attackSources' | 'coverSources'> & Partial<HydraPlan>;

/** @throws PhalanxError `TESTING_PLAN` for the first setting out of range. */
export function checkHydraPlan(plan: HydraPlan): void {
  checkInteger('accounts', plan.accounts, 1, 200_000);
  checkRange('requestsPerAccountDay', plan.requestsPerAccountDay, 0.01, 1e6);
  checkRange('attackShare', plan.attackShare, 0, 1);
  if (plan.attackShare > 0) checkSources('attack', plan.attackSources);
  if (plan.attackShare < 1) checkSources('cover', plan.coverSources);
  if ((plan.cover === 'none') !== (plan.attackShare === 1))
    throw planError(
      `cover ${plan.cover} does not go with attackShare ${plan.attackShare}`,
      "cover 'none' and attackShare 1 need one another",
    );
  checkRange('customersPerAccount', plan.customersPerAccount, 0.001, 100);
  checkRange('elicitationShare', plan.elicitationShare, 0, 1);
  checkInteger('samples', plan.samples, 1, 1000);
  checkRange('attackTurns', plan.attackTurns, 1, 60);
  checkInteger('carefulness', plan.carefulness, 0, 3);
  checkRange('staggerDays', plan.staggerDays, 0, 49);
  checkRange('attackFromDay', plan.attackFromDay, 0, 49);
  if (plan.wrapper !== null && plan.wrapper.split('{}').length !== 2)
    throw planError('wrapper needs exactly one {} for the prompt');
  if (plan.suspension) {
    checkRange('suspension.share', plan.suspension.share, 0, 1);
    checkRange('suspension.day', plan.suspension.day, 0, 49);
    checkRange('suspension.regrowthDays', plan.suspension.regrowthDays, 0, 49);
  }
  if (plan.products) checkInteger('products.customers', plan.products.customers, 1, 1000);
  if (plan.disguise) {
    const { lowerShare, typos, dropEnd, repeatShare, block, accountShare } = plan.disguise;
    for (const [name, value] of Object.entries({ lowerShare, typos, dropEnd, repeatShare, accountShare }))
      checkRange(`disguise.${name}`, value, 0, 1);
    checkInteger('disguise.block', block, 1, 1000);
  }
}
