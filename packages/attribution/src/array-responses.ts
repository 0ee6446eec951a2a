import type {
  AccountFacts,
  ReceivedResponses,
  ResponseCounts,
  ResponseReader,
  ResponseSketches,
  TimeWindow,
} from '@phalanx/domain';

/** What attribution must know of an exchange; an `StoredResponse` has it. */
export interface StoredResponse {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly account: bigint;
  readonly atMs: number;
  readonly responseBytes: number;
  readonly responseHash: bigint;
  readonly responseMinhash: Uint8Array;
}

/** Stored responses in memory: for lists that are no store, and for tests. */
export class ArrayResponses implements ResponseReader {
  readonly #records: readonly StoredResponse[];
  readonly #names: ReadonlyMap<bigint, string>;

  /** Of records with equal ids the last counts, as in the store. `names`: ids of accounts in the logs. */
  constructor(records: Iterable<StoredResponse>, names: ReadonlyMap<bigint, string> = new Map()) {
    const byId = new Map<string, StoredResponse>();
    for (const record of records) byId.set(Buffer.from(record.id).toString('hex'), record);
    this.#records = [...byId.values()].filter(({ responseHash }) => responseHash !== 0n);
    this.#names = names;
  }

  async span(): Promise<TimeWindow | null> {
    if (this.#records.length === 0) return null;
    const times = this.#records.map(({ atMs }) => atMs);
    return {
      fromMs: times.reduce((a, b) => Math.min(a, b)),
      toMs: times.reduce((a, b) => Math.max(a, b)) + 1,
    };
  }

  async accountFacts(): Promise<AccountFacts> {
    const { size } = this.#names;
    const none = () => new Array<string>(size).fill('');
    return {
      account: BigUint64Array.from(this.#names.keys()),
      accountId: [...this.#names.values()],
      organisation: new BigUint64Array(size),
      createdAtMs: new Float64Array(size),
      payment: new BigUint64Array(size),
      signupNetwork: new BigUint64Array(size),
      signupDevice: new BigUint64Array(size),
      emailDomain: none(),
      programme: none(),
      declaration: none(),
    };
  }

  async responseCounts(window: TimeWindow, minBytes: number): Promise<ResponseCounts> {
    const counts = new Map<bigint, number>();
    for (const { account } of this.#in(window, minBytes)) counts.set(account, (counts.get(account) ?? 0) + 1);
    const account = BigUint64Array.from(counts.keys()).sort();
    return { account, count: Uint32Array.from(account, (id) => counts.get(id)!) };
  }

  async *responseSketches(window: TimeWindow): AsyncGenerator<ResponseSketches> {
    const records = this.#in(window, 0);
    if (records.length > 0) yield packSketches(records);
  }

  async sampleResponses(window: TimeWindow, share: number, minBytes: number): Promise<ResponseSketches> {
    return packSketches(this.#in(window, minBytes).filter(({ id }) => drawLot(id) < share));
  }

  async findResponses(hashes: BigUint64Array, most: number): Promise<ReceivedResponses> {
    const counts = new Map(Array.from(hashes, (hash) => [hash, 0]));
    const found = this.#records.filter(({ responseHash }) => {
      const count = counts.get(responseHash);
      if (count === undefined || count >= most) return false;
      counts.set(responseHash, count + 1);
      return true;
    });
    const id = new Uint8Array(found.length * 16);
    found.forEach((record, row) => {
      id.set(record.id, row * 16);
    });
    return {
      hash: BigUint64Array.from(found, ({ responseHash }) => responseHash),
      account: BigUint64Array.from(found, ({ account }) => account),
      atMs: Float64Array.from(found, ({ atMs }) => atMs),
      bytes: Uint32Array.from(found, ({ responseBytes }) => responseBytes),
      id,
    };
  }

  #in({ fromMs, toMs }: TimeWindow, minBytes: number): StoredResponse[] {
    return this.#records.filter(
      ({ atMs, responseBytes }) => atMs >= fromMs && atMs < toMs && responseBytes >= minBytes,
    );
  }
}

function packSketches(records: readonly StoredResponse[]): ResponseSketches {
  const minhash = new Uint8Array(records.length * 32);
  records.forEach((record, row) => {
    minhash.set(record.responseMinhash, row * 32);
  });
  return { hash: BigUint64Array.from(records, ({ responseHash }) => responseHash), minhash };
}

/** Uniform in [0, 1): ids are hashes. */
function drawLot(id: Uint8Array): number {
  return Buffer.from(id).readUInt32LE(4) / 2 ** 32;
}
