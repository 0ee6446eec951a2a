/**
 * What the telemetry store keeps and how detection sees it.
 *
 * Everything is columnar and aggregated in the engine: a detector reads counts and bounded samples, never rows by the
 * million. Accounts and other identifiers are keyed 64-bit hashes; `AccountFacts` maps them back to the source's ids.
 */

/** Half-open interval [fromMs, toMs) of exchange start times, UTC. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One exchange as stored. Hash 0 means "the source did not say". */
export interface ExchangeRecord {
  /** 16 bytes; equal for the same exchange however often and from whatever export it arrives. */
  readonly id: Uint8Array;
  readonly account: bigint;
  readonly organisation: bigint;
  readonly endUser: bigint;
  readonly atMs: number;
  readonly model: string;
  readonly operation: string;
  readonly ok: boolean;
  readonly streamed: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly promptBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly turns: number;
  /** Sketch of the last user message. */
  readonly promptHash: bigint;
  readonly minhash: Uint8Array;
  readonly topics: Uint8Array;
  readonly shape: number;
  readonly intents: number;
  /** Keyed hash of the system prompt and of the set of tool names. */
  readonly systemHash: bigint;
  readonly toolsHash: bigint;
  readonly responseHash: bigint;
  readonly responseMinhash: Uint8Array;
  /** Keyed hash of user agent and client headers; `contradiction` when they disagree with one another or the text. */
  readonly fingerprint: bigint;
  readonly contradiction: boolean;
  /** Keyed hash of the /24 (IPv4) or /48 (IPv6) the request came from. */
  readonly network: bigint;
  /** Keyed hash of the sampling parameters. */
  readonly parameters: bigint;
}

/** Facts about accounts, one row an account; columns of equal length. */
export interface AccountFacts {
  readonly account: BigUint64Array;
  readonly accountId: readonly string[];
  readonly organisation: BigUint64Array;
  readonly createdAtMs: Float64Array;
  readonly payment: BigUint64Array;
  readonly signupNetwork: BigUint64Array;
  readonly signupDevice: BigUint64Array;
  readonly emailDomain: readonly string[];
  readonly programme: readonly string[];
  readonly declaration: readonly string[];
}

/** One row an account with traffic in the window, ascending by account. */
export interface AccountActivity {
  readonly account: BigUint64Array;
  readonly exchanges: Uint32Array;
  readonly firstMs: Float64Array;
  readonly lastMs: Float64Array;
  readonly outputTokens: Float64Array;
  readonly distinctFingerprints: Uint32Array;
  readonly contradictions: Uint32Array;
  readonly distinctEndUsers: Uint32Array;
}

/** Sparse counts: `count` exchanges of `account` in `key`. */
export interface KeyedCounts {
  readonly account: BigUint64Array;
  readonly key: BigUint64Array;
  readonly count: Uint32Array;
}

/** A thing that accounts can have in common. */
export type ObjectKind =
  | 'network'
  | 'fingerprint'
  | 'parameters'
  /** Parameters and instructions together, see `signatureOf`. */
  | 'signature'
  | 'system'
  | 'tools'
  | 'prompt'
  | 'template';

/** A bounded set of exchanges, columns of equal length, ascending by time. */
export interface ExchangeSample {
  readonly account: BigUint64Array;
  readonly atMs: Float64Array;
  /** Hash of the exchange's id, uniform: what is below `share * 2^32` is drawn at that share. */
  readonly lot: Uint32Array;
  readonly shape: Uint32Array;
  readonly intents: Uint32Array;
  readonly promptHash: BigUint64Array;
  /** 16 bytes a row. */
  readonly topics: Uint8Array;
  /** 1 when the request succeeded; a failed one is often sent again. */
  readonly ok: Uint8Array;
  readonly systemHash: BigUint64Array;
  readonly fingerprint: BigUint64Array;
  readonly parameters: BigUint64Array;
  readonly network: BigUint64Array;
  readonly outputTokens: Uint32Array;
  /** Equal for equal names of the model, as far as one reader goes; 0 when the source did not say. */
  readonly model: BigUint64Array;
  /** 64 bytes a row, see `TextSketch.minhash`. Only when the query asks for them. */
  readonly minhash?: Uint8Array;
}

/** What a provider did to an account, for regrowth and randomised-intervention analysis. */
export interface InterventionRecord {
  readonly id: string;
  readonly account: bigint;
  readonly kind: 'delay' | 'throttle' | 'verify' | 'suspend';
  /** Randomised arm, or '' when the choice was not random. */
  readonly arm: '' | 'treated' | 'control';
  readonly fromMs: number;
  readonly toMs: number;
}

/** A share of the exchanges of some accounts, those with the lowest lots: equal draws give equal rows, larger ones hold smaller ones. */
export interface Draw {
  /** Absent: everybody's. */
  readonly accounts?: BigUint64Array;
  /** Of these only what carries one of these (see `signatureOf`). Absent: all. */
  readonly signatures?: BigUint64Array;
  /** 0 <= share <= 1. */
  readonly share: number;
}

export interface SampleQuery extends TimeWindow {
  /** An exchange that several draws hold is read once. */
  readonly draws: readonly Draw[];
  readonly minhash?: boolean;
}

/** When accounts sent requests: columns of equal length, ascending by time. */
export type Arrivals = Pick<ExchangeSample, 'account' | 'atMs'>;

/** Detection's whole view of the telemetry store. */
export interface TelemetryReader {
  /** Start of the first and just past the start of the last exchange; null when the store is empty. */
  span(): Promise<TimeWindow | null>;
  countExchanges(window: TimeWindow): Promise<number>;
  accountFacts(): Promise<AccountFacts>;
  accountActivity(window: TimeWindow): Promise<AccountActivity>;
  /** Exchanges by account and shape cell. Key = packed shape. */
  shapeCounts(window: TimeWindow): Promise<KeyedCounts>;
  /** Exchanges by account and start-time bin. Key = floor((start - window.fromMs) / binMs). */
  timeCounts(window: TimeWindow, binMs: number): Promise<KeyedCounts>;
  /** Exchanges by account and intent bit. Key = bit index. */
  intentCounts(window: TimeWindow): Promise<KeyedCounts>;
  /** Objects that between minAccounts and maxAccounts accounts touched, with who touched them. Key = object hash. */
  sharedObjects(
    window: TimeWindow,
    kind: ObjectKind,
    bounds: { readonly minAccounts: number; readonly maxAccounts: number },
  ): Promise<KeyedCounts>;
  sampleExchanges(query: SampleQuery): Promise<ExchangeSample>;
  /** Every exchange of these accounts, or of everybody. */
  arrivals(window: TimeWindow, accounts?: BigUint64Array): Promise<Arrivals>;
  interventions(): Promise<readonly InterventionRecord[]>;
}
