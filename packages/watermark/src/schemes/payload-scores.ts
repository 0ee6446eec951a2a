import { logIncompleteGamma } from '@phalanx/stats';
import { demand, requireInteger } from '../watermark-error.js';

/** What a text says about a payload that nobody told the reader. */
export interface PayloadReading {
  /** Null: no mark of this key is in the text, whatever its payload. Exact up to conservative cells. */
  readonly logP: number;
  readonly scored: number;
  /** The likeliest value of each bit; bit 0 is the lowest. */
  readonly payload: bigint;
  /**
   * For each bit, lowest first, ln of a p-value. Null: there is no mark, or this bit is not as `payload` says. For many bits at
   * once use Holm or the union bound.
   */
  readonly bitLogP: Float64Array;
}

/**
 * Sums of -ln(1 - u) for each value of each symbol of a payload. Under the null each sum over n tokens is Gamma(n), and those of
 * the values of one symbol are independent; the true value's sum is larger.
 */
export class PayloadScores {
  readonly #bits: number;
  readonly #symbolBits: number;
  readonly #width: number;
  readonly #counts: Uint32Array;
  /** A row a symbol, 2^symbolBits sums each. */
  readonly #sums: Float64Array;

  constructor(bits: number, symbolBits: number) {
    requireInteger(bits, 'bits', 1, 64);
    requireInteger(symbolBits, 'symbol bits', 1, 8);
    this.#bits = bits;
    this.#symbolBits = symbolBits;
    this.#width = 2 ** symbolBits;
    this.#counts = new Uint32Array(Math.ceil(bits / symbolBits));
    this.#sums = new Float64Array(this.#counts.length * this.#width);
  }

  /** Tokens that counted. */
  get scored(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Adds a token whose context picked `symbol`; `u` in [0, 1), one for each value of a symbol. */
  add(symbol: number, u: Float64Array): void {
    this.#counts[symbol]!++;
    const row = symbol * this.#width;
    for (let value = 0; value < u.length; value++) this.#sums[row + value]! -= Math.log1p(-u[value]!);
  }

  /**
   * ln of a p-value for one payload that was named before the text was looked at. Null: the text was not marked with it.
   *
   * @throws PhalanxError `MARK_ARGUMENT` for a payload of more bits
   */
  testPayload(payload: bigint): number {
    demand(
      payload >= 0n && payload < 1n << BigInt(this.#bits),
      'MARK_ARGUMENT',
      'a longer payload',
      'Fix it.',
    );
    return this.#logTail(this.scored, this.#sumOf(Number(payload & 0xffffffffn), Number(payload >> 32n)));
  }

  /**
   * The best of many payloads that were issued, say one an account: its place and ln of its p-value times their number, an upper
   * bound for "none of these payloads marked the text". An issued list of random payloads is a code that corrects errors: no bit
   * need be right by itself. Null without payloads.
   */
  findPayload(payloads: BigUint64Array): { readonly index: number; readonly logP: number } | null {
    if (payloads.length === 0) return null;
    const words = new Uint32Array(payloads.buffer, payloads.byteOffset, payloads.length * 2);
    let index = 0;
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < payloads.length; i++) {
      const sum = this.#sumOf(words[2 * i]!, words[2 * i + 1]!);
      if (sum <= best) continue;
      best = sum;
      index = i;
    }
    const logP = this.#logTail(this.scored, best) + Math.log(payloads.length);
    return { index, logP: Math.min(0, logP) };
  }

  /**
   * Reads the payload, bit by bit and as a whole. A symbol's best value has p-value 1 - (1 - p)^values; those of all symbols are
   * independent and combine by Fisher: the sum of -ln p over k symbols against Gamma(k).
   */
  read(): PayloadReading {
    const bitLogP = new Float64Array(this.#bits);
    let payload = 0n;
    let fisher = 0;
    let symbols = 0;
    for (let symbol = 0; symbol < this.#counts.length; symbol++) {
      const count = this.#counts[symbol]!;
      const first = symbol * this.#symbolBits;
      const size = Math.min(this.#symbolBits, this.#bits - first);
      const sums = this.#sums.subarray(symbol * this.#width, symbol * this.#width + 2 ** size);
      const best = sums.indexOf(Math.max(...sums));
      payload |= BigInt(best) << BigInt(first);
      if (count === 0) continue;
      symbols++;
      // Were a bit otherwise than the best value has it, half of these sums, the best among them, would be null ones; without
      // a mark, all would. The bound over all covers both.
      const ofBest = logLeastOf(this.#logTail(count, sums[best]!), sums.length);
      bitLogP.fill(ofBest, first, first + size);
      fisher -= ofBest;
    }
    const logP = symbols === 0 ? 0 : this.#logTail(symbols, fisher);
    return { logP, scored: this.scored, payload, bitLogP };
  }

  #sumOf(low: number, high: number): number {
    const mask = this.#width - 1;
    let sum = 0;
    for (let symbol = 0; symbol < this.#counts.length; symbol++) {
      const at = symbol * this.#symbolBits;
      // A symbol may lie across the two words.
      let value = at < 32 ? low >>> at : high >>> (at - 32);
      if (at < 32 && at + this.#symbolBits > 32) value |= high << (32 - at);
      sum += this.#sums[symbol * this.#width + (value & mask)]!;
    }
    return sum;
  }

  #logTail(count: number, sum: number): number {
    return count === 0 ? 0 : logIncompleteGamma(count, sum).logUpper;
  }
}

/** ln of 1 - (1 - p)^tries: the least of so many independent p-values, itself made a p-value. */
function logLeastOf(logP: number, tries: number): number {
  if (logP >= 0) return 0;
  // The union bound is then within 1e-11 of it.
  if (logP < -30) return logP + Math.log(tries);
  return Math.log(-Math.expm1(tries * Math.log1p(-Math.exp(logP))));
}
