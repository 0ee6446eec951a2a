import type { AccountFacts, TimeWindow } from './telemetry.js';

/** A stretch of stored responses, columns of equal length. Hashes are never 0. */
export interface ResponseSketches {
  /** Keyed hash of the normalised text, see `ResponseSketch`. */
  readonly hash: BigUint64Array;
  /** 32 bytes a row, see `ResponseSketch.minhash`. */
  readonly minhash: Uint8Array;
}

/** Who received some responses: a row an exchange, columns of equal length, in no order. */
export interface ReceivedResponses {
  readonly hash: BigUint64Array;
  readonly account: BigUint64Array;
  readonly atMs: Float64Array;
  readonly bytes: Uint32Array;
  /** 16 bytes a row. */
  readonly id: Uint8Array;
}

/** Responses received, by account, ascending. */
export interface ResponseCounts {
  readonly account: BigUint64Array;
  readonly count: Uint32Array;
}

/** Attribution's whole view of the telemetry store: sketches of responses, and who received which. */
export interface ResponseReader {
  span(): Promise<TimeWindow | null>;
  accountFacts(): Promise<AccountFacts>;
  /** Exchanges with a response of at least `minBytes`, by account. */
  responseCounts(window: TimeWindow, minBytes: number): Promise<ResponseCounts>;
  /** Every stored sketch of a response in the window, in any order; an exchange that was written twice may come twice. */
  responseSketches(window: TimeWindow): AsyncIterable<ResponseSketches>;
  /** A share of the exchanges with a response of at least `minBytes`, drawn by their ids: equal shares give equal rows. */
  sampleResponses(window: TimeWindow, share: number, minBytes: number): Promise<ResponseSketches>;
  /** Exchanges whose response has one of these hashes, whenever they were: at most `most` for each hash. */
  findResponses(hashes: BigUint64Array, most: number): Promise<ReceivedResponses>;
}
