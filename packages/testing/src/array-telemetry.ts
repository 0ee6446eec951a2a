import {
  type AccountActivity,
  type AccountFacts,
  type Arrivals,
  type ExchangeRecord,
  type ExchangeSample,
  Intent,
  type InterventionRecord,
  type KeyedCounts,
  type ObjectKind,
  PROMPT_MINHASH_BYTES,
  type SampleQuery,
  type TelemetryReader,
  type TimeWindow,
} from '@phalanx/domain';
import { indexColumn } from './hash-index.js';
import { countPairs, keepByDegree, type PairCounts } from './pair-counts.js';
import { collectColumns, gather, type RecordColumns } from './record-columns.js';

const INTENT_BITS = Object.keys(Intent).length;
const OBJECT_COLUMN = {
  network: 'network',
  fingerprint: 'fingerprint',
  parameters: 'parameters',
  signature: 'signature',
  system: 'systemHash',
  tools: 'toolsHash',
  prompt: 'promptHash',
} as const;

/**
 * The telemetry store's reading side over columns in memory: the same questions, no database. For tests and for
 * calibration over many worlds; about 190 bytes an exchange, all of which must fit.
 *
 * Counts come in ascending order of account and key (`sharedObjects`: an object's accounts together). Object hash 0,
 * "the source did not say", is nobody's object.
 */
export class ArrayTelemetry implements TelemetryReader {
  readonly #columns: RecordColumns;
  readonly #facts: AccountFacts;
  readonly #interventions: readonly InterventionRecord[];
  /** Accounts with traffic, ascending, and each row's number among them. */
  readonly #accounts: BigUint64Array;
  readonly #accountOf: Uint32Array;

  private constructor(
    columns: RecordColumns,
    facts: AccountFacts,
    interventions: readonly InterventionRecord[],
  ) {
    this.#columns = columns;
    this.#facts = facts;
    this.#interventions = interventions;
    const { ids, index } = indexColumn(columns.account);
    this.#accounts = index.keys.slice().sort();
    const rank = new Map<bigint, number>();
    this.#accounts.forEach((account, i) => {
      rank.set(account, i);
    });
    const rankOf = Uint32Array.from(index.keys, (account) => rank.get(account)!);
    this.#accountOf = ids.map((id) => rankOf[id]!);
  }

  /** Reads records in any order. `facts` may speak of accounts without traffic, and the other way round. */
  static fromRecords(
    records: Iterable<ExchangeRecord>,
    facts: AccountFacts,
    interventions: readonly InterventionRecord[] = [],
  ): ArrayTelemetry {
    return new ArrayTelemetry(collectColumns(records), facts, interventions);
  }

  async span(): Promise<TimeWindow | null> {
    const { atMs } = this.#columns;
    return atMs.length === 0 ? null : { fromMs: atMs[0]!, toMs: atMs[atMs.length - 1]! + 1 };
  }

  async countExchanges(window: TimeWindow): Promise<number> {
    const [from, to] = this.#rows(window);
    return to - from;
  }

  async accountFacts(): Promise<AccountFacts> {
    return this.#facts;
  }

  async interventions(): Promise<readonly InterventionRecord[]> {
    return this.#interventions;
  }

  async accountActivity(window: TimeWindow): Promise<AccountActivity> {
    const [from, to] = this.#rows(window);
    const { atMs, outputTokens, contradiction } = this.#columns;
    const n = this.#accounts.length;
    const exchanges = new Uint32Array(n);
    const firstMs = new Float64Array(n);
    const lastMs = new Float64Array(n);
    const tokens = new Float64Array(n);
    const contradictions = new Uint32Array(n);
    for (let row = from; row < to; row++) {
      const account = this.#accountOf[row]!;
      if (exchanges[account]!++ === 0) firstMs[account] = atMs[row]!;
      lastMs[account] = atMs[row]!;
      tokens[account]! += outputTokens[row]!;
      contradictions[account]! += contradiction[row]!;
    }
    const active = Uint32Array.from(exchanges.keys()).filter((account) => exchanges[account]! > 0);
    const distinct = (name: 'fingerprint' | 'endUser') => {
      const counts = new Uint32Array(n);
      for (const account of this.#countObjects(name, from, to).pairs.minor) counts[account]!++;
      return Uint32Array.from(active, (account) => counts[account]!);
    };
    return {
      account: BigUint64Array.from(active, (account) => this.#accounts[account]!),
      exchanges: Uint32Array.from(active, (account) => exchanges[account]!),
      firstMs: Float64Array.from(active, (account) => firstMs[account]!),
      lastMs: Float64Array.from(active, (account) => lastMs[account]!),
      outputTokens: Float64Array.from(active, (account) => tokens[account]!),
      distinctFingerprints: distinct('fingerprint'),
      contradictions: Uint32Array.from(active, (account) => contradictions[account]!),
      distinctEndUsers: distinct('endUser'),
    };
  }

  async shapeCounts(window: TimeWindow): Promise<KeyedCounts> {
    const [from, to] = this.#rows(window);
    return this.#byAccount(from, this.#columns.shape.subarray(from, to), 2 ** 32);
  }

  async timeCounts(window: TimeWindow, binMs: number): Promise<KeyedCounts> {
    const [from, to] = this.#rows(window);
    const bins = this.#columns.atMs.subarray(from, to).map((at) => Math.floor((at - window.fromMs) / binMs));
    return this.#byAccount(from, bins, 2 ** 32);
  }

  async intentCounts(window: TimeWindow): Promise<KeyedCounts> {
    const [from, to] = this.#rows(window);
    const counts = new Uint32Array(this.#accounts.length * INTENT_BITS);
    for (let row = from; row < to; row++) {
      const intents = this.#columns.intents[row]!;
      for (let bit = 0; bit < INTENT_BITS; bit++)
        if ((intents >>> bit) & 1) counts[this.#accountOf[row]! * INTENT_BITS + bit]!++;
    }
    const present = Uint32Array.from(counts.keys()).filter((i) => counts[i]! > 0);
    return {
      account: BigUint64Array.from(present, (i) => this.#accounts[Math.floor(i / INTENT_BITS)]!),
      key: BigUint64Array.from(present, (i) => BigInt(i % INTENT_BITS)),
      count: Uint32Array.from(present, (i) => counts[i]!),
    };
  }

  async sharedObjects(
    window: TimeWindow,
    kind: ObjectKind,
    bounds: { readonly minAccounts: number; readonly maxAccounts: number },
  ): Promise<KeyedCounts> {
    const [from, to] = this.#rows(window);
    const { minAccounts, maxAccounts } = bounds;
    if (kind !== 'template') {
      const { pairs, keys } = this.#countObjects(OBJECT_COLUMN[kind], from, to);
      const kept = keepByDegree(pairs, minAccounts, maxAccounts);
      return this.#named(kept, (object) => keys[object]!);
    }
    const bands: KeyedCounts[] = [];
    for (let band = 0; band < PROMPT_MINHASH_BYTES / 4; band++) {
      const kept = keepByDegree(this.#countBand(band, from, to), minAccounts, maxAccounts);
      bands.push(this.#named(kept, (value) => BigInt(value) | (BigInt(band) << 32n)));
    }
    const length = bands.reduce((sum, { count }) => sum + count.length, 0);
    const all = {
      account: new BigUint64Array(length),
      key: new BigUint64Array(length),
      count: new Uint32Array(length),
    };
    let at = 0;
    for (const band of bands) {
      all.account.set(band.account, at);
      all.key.set(band.key, at);
      all.count.set(band.count, at);
      at += band.count.length;
    }
    return all;
  }

  async sampleExchanges(query: SampleQuery): Promise<ExchangeSample> {
    const [from, to] = this.#rows(query);
    const shares = new Float64Array(this.#accounts.length);
    const bySignature: { signatures: Set<bigint>; shares: Float64Array }[] = [];
    for (const { accounts, signatures, share } of query.draws) {
      const drawn = signatures ? new Float64Array(this.#accounts.length) : shares;
      if (signatures) bySignature.push({ signatures: new Set(signatures), shares: drawn });
      const wanted = accounts && new Set(accounts);
      this.#accounts.forEach((account, i) => {
        if (!wanted || wanted.has(account)) drawn[i] = Math.max(drawn[i]!, share);
      });
    }
    const rows: number[] = [];
    for (let row = from; row < to; row++) {
      const account = this.#accountOf[row]!;
      const lot = this.#columns.lot[row]! / 2 ** 32;
      if (
        lot < shares[account]! ||
        bySignature.some(
          (draw) => lot < draw.shares[account]! && draw.signatures.has(this.#columns.signature[row]!),
        )
      )
        rows.push(row);
    }
    const order = Uint32Array.from(rows);
    const c = this.#columns;
    return {
      account: gather(c, 'account', order),
      atMs: gather(c, 'atMs', order),
      lot: gather(c, 'lot', order),
      shape: gather(c, 'shape', order),
      intents: gather(c, 'intents', order),
      promptHash: gather(c, 'promptHash', order),
      topics: gather(c, 'topics', order),
      ok: gather(c, 'ok', order),
      systemHash: gather(c, 'systemHash', order),
      fingerprint: gather(c, 'fingerprint', order),
      parameters: gather(c, 'parameters', order),
      network: gather(c, 'network', order),
      outputTokens: gather(c, 'outputTokens', order),
      model: gather(c, 'model', order),
      ...(query.minhash && { minhash: gather(c, 'minhash', order) }),
    };
  }

  async arrivals(window: TimeWindow, accounts?: BigUint64Array): Promise<Arrivals> {
    const draw = accounts ? { accounts, share: 1 } : { share: 1 };
    const { account, atMs } = await this.sampleExchanges({ ...window, draws: [draw] });
    return { account, atMs };
  }

  /** Rows [from, to) of a window. */
  #rows(window: TimeWindow): [number, number] {
    const { atMs } = this.#columns;
    const seek = (ms: number) => {
      let low = 0;
      let high = atMs.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (atMs[middle]! < ms) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const from = seek(window.fromMs);
    return [from, Math.max(from, seek(window.toMs))];
  }

  #byAccount(from: number, keys: ArrayLike<number>, keySize: number): KeyedCounts {
    const { major, minor, count } = countPairs(
      this.#accountOf.subarray(from, from + keys.length),
      keys,
      keySize,
    );
    return {
      account: BigUint64Array.from(major, (account) => this.#accounts[account]!),
      key: BigUint64Array.from(minor, (key) => BigInt(key)),
      count,
    };
  }

  /** Pairs (object, account) of a hash column, hash 0 left out. */
  #countObjects(
    name: (typeof OBJECT_COLUMN)[keyof typeof OBJECT_COLUMN] | 'endUser',
    from: number,
    to: number,
  ) {
    const { ids, index } = indexColumn(this.#columns[name].subarray(from, to));
    const none = index.find(0, 0);
    const majors = Float64Array.from(ids, (id) => (id === none ? Number.NaN : id));
    const pairs = countPairs(majors, this.#accountOf.subarray(from, to), this.#accounts.length);
    return { pairs, keys: index.keys };
  }

  /** Pairs (band value, account) of one MinHash band: four bytes as a little-endian number. */
  #countBand(band: number, from: number, to: number): PairCounts {
    const { minhash } = this.#columns;
    const values = new Float64Array(to - from);
    for (let row = from; row < to; row++) {
      const at = row * PROMPT_MINHASH_BYTES + band * 4;
      values[row - from] =
        (minhash[at]! | (minhash[at + 1]! << 8) | (minhash[at + 2]! << 16) | (minhash[at + 3]! << 24)) >>> 0;
    }
    return countPairs(values, this.#accountOf.subarray(from, to), this.#accounts.length);
  }

  #named(pairs: PairCounts, key: (major: number) => bigint): KeyedCounts {
    const { major, minor, count } = pairs;
    const account = new BigUint64Array(count.length);
    const keys = new BigUint64Array(count.length);
    for (let i = 0; i < count.length; i++) {
      account[i] = this.#accounts[minor[i]!]!;
      keys[i] = i > 0 && major[i] === major[i - 1] ? keys[i - 1]! : key(major[i]!);
    }
    return { account, key: keys, count };
  }
}
