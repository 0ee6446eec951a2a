import { z } from 'zod';

const Count = z.number().int().min(0);
const Log10P = z.number().max(0);

/** One test: what it assumes in words, and how surprising the data are under it. */
export const NullTest = z.object({
  nullHypothesis: z.string(),
  /** log10 of a p-value, exact or an upper bound. */
  log10P: Log10P,
  /** What observation or circumstance makes the test say too much. */
  voidedBy: z.string(),
});
export type NullTest = z.infer<typeof NullTest>;

/** What a data set holds of one account's responses, or of several accounts that a finding names together. */
export const AttributedAccount = z.object({
  /** Id of the account in the logs; its keyed hash in hexadecimal where no log named it. For a group, the finding's id. */
  id: z.string(),
  /** Responses received that are long enough to count. */
  received: Count,
  /** Distinct texts of the data set that match responses which nobody else received. */
  items: Count,
  /** Rows of the data set that these items have. */
  rows: Count,
  /** Exchanges that gave these responses. */
  exchanges: Count,
  /** Items that others received too: no evidence about one account. `sharedParts` gives each of m accounts 1/m of an item. */
  sharedItems: Count,
  sharedParts: z.number().min(0),
  /** Items of the control that match responses which nobody else received; null without a control. */
  controlItems: Count.nullable(),
  /** Bounded over all accounts: "these matches are hash coincidences". */
  log10Coincidence: Log10P,
  /** "Drawn without regard to account", and adjusted for all accounts (Holm). */
  log10P: Log10P,
  log10Adjusted: Log10P,
  /** "Matched no more often than the control", adjusted for all accounts (Tarone); null without a control. */
  log10ControlAdjusted: Log10P.nullable(),
  /**
   * - `named`: every null falls at alpha, one against a common origin (control or publication) among them.
   * - `indicated`: coincidence and account fall, and a common origin was not tested.
   * - `none`: a null that was tested stands.
   */
  verdict: z.enum(['named', 'indicated', 'none']),
});
export type AttributedAccount = z.infer<typeof AttributedAccount>;

/** A row of the data set and the responses that it matches. */
export const AttributedRow = z.object({
  file: z.string(),
  /** Number of the row in its file, from 1. */
  row: z.number().int().min(1),
  /** SHA-256 of the row's text (of several texts: joined by two line feeds) in UTF-8. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  kind: z.enum(['exclusive', 'shared', 'common']),
  /** Number of the item that the row belongs to. */
  item: Count,
  /** What of the row agrees: the whole text, what its wrapper held, a turn, a stretch of it. */
  form: z.enum(['whole', 'unwrapped', 'turn', 'window']),
  /** Equal but for case, punctuation and spacing. */
  exact: z.boolean(),
  /** Equal lanes of 32. */
  lanes: z.number().int().min(0).max(32),
  /** Jaccard similarity of the word 3-shingles, with its 99 % interval. */
  similarity: z.object({ estimate: z.number(), lower: z.number(), upper: z.number() }),
  accounts: z.array(z.string()),
  /** Ids of the exchanges, hexadecimal. */
  exchanges: z.array(z.string()),
});
export type AttributedRow = z.infer<typeof AttributedRow>;

/** Which of a provider's responses stand in a data set, and whose they were. */
export const AttributionReport = z.object({
  schema: z.literal('phalanx.attribution-report.v1'),
  files: z.array(
    z.object({ path: z.string(), rows: Count, rejected: Count, field: z.string(), guessed: z.boolean() }),
  ),
  window: z.object({ fromMs: z.number(), toMs: z.number() }).nullable(),
  publishedMs: z.number().nullable(),
  stored: z.object({ responses: Count, accounts: Count }),
  rows: z.object({
    total: Count,
    distinct: Count,
    /** Without a text long enough to judge. */
    tooShort: Count,
    matched: Count,
    exact: Count,
    exclusive: Count,
    shared: Count,
    common: Count,
  }),
  items: z.object({ exclusive: Count, shared: Count, common: Count }),
  /** The rule by which pairs match, and what it leaves to chance. */
  rule: z.object({
    alpha: z.number(),
    overlap: z.number(),
    lanes: z.number().int(),
    ofLanes: z.literal(32),
    minBytes: Count,
    candidates: Count,
    pairsTried: z.number(),
    log10FalsePair: Log10P,
    log10FalseRun: Log10P,
    /** Share of pairs with so many equal lanes that the index compares, at index `lanes` to 32. */
    recallByLanes: z.array(z.number()),
    /** Candidates that resemble more than 256 others of the data set: only equal texts are found for some of them. */
    crowded: Count,
  }),
  nulls: z.object({
    coincidence: NullTest,
    /** Rows under a decoy key: every match is false. */
    decoy: z.object({
      rows: Count,
      matched: Count,
      /** Upper bound (99 %) of the share of rows that match falsely. */
      falseShareUpper: z.number(),
      /** Comparisons by equal lanes, observed and expected of independent lanes; from 3, since a band of three agreed. */
      comparisons: z.array(z.object({ lanes: z.number().int(), observed: z.number(), expected: z.number() })),
    }),
    /** Rows that are known not to be ours; null when none were given. */
    control: NullTest.extend({
      rows: Count,
      matched: Count,
      items: Count,
      falseShare: z.number(),
      falseShareUpper: z.number(),
    }).nullable(),
    /** Responses given after the data set was published; null when that is not known. */
    publication: NullTest.extend({
      itemsBefore: Count,
      itemsAfter: Count,
      receivedBefore: Count,
      receivedAfter: Count,
    }).nullable(),
    account: z.object({
      nullHypothesis: z.string(),
      voidedBy: z.string(),
      accountsTried: Count,
      /** Stored responses drawn and matched like rows, and how many of them one account received once. */
      probes: Count,
      probesExclusive: Count,
    }),
  }),
  accounts: z.array(AttributedAccount),
  campaigns: z.array(AttributedAccount),
  matches: z.array(AttributedRow),
  /** Rows that matched and are not in `matches`. */
  matchesNotListed: Count,
  blindSpots: z.array(z.string()),
  seconds: z.object({
    read: z.number(),
    index: z.number(),
    scan: z.number(),
    recipients: z.number(),
    total: z.number(),
  }),
});
export type AttributionReport = z.infer<typeof AttributionReport>;
