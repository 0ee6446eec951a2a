import { createHmac } from 'node:crypto';
import type { Ngrams } from '../ngrams.js';
import { demand } from '../watermark-error.js';

const DOMAIN = new TextEncoder().encode('vllm-watermark-hmac-sha256-v1\0');
const KEY_BYTES = 32;
const SIZE_BYTES = 4;
const TOKEN_BYTES = 8;

/**
 * The keyed function that vLLM's research versions name `hmac-sha256-v1` (`prfs/hmac_sha256.py`): the first 32 bits,
 * little endian, of HMAC-SHA-256 under a key of 256 bits over domain, size of the context (32 bits), its tokens and the
 * token (64 bits, signed), all little endian. Vector: `philox_vllm.json`, `hmac_sha256_mantissas24`.
 */
export class HmacSha256Prf {
  readonly #key = new Uint8Array(KEY_BYTES);

  /** @throws PhalanxError `MARK_KEY` unless the key is of 256 bits. */
  constructor(key: bigint) {
    demand(key >= 0n && key < 1n << 256n, 'MARK_KEY', 'the key has 256 bits', 'Give an unsigned integer.');
    for (let i = 0; i < KEY_BYTES; i++) this.#key[i] = Number((key >> BigInt(8 * i)) & 255n);
  }

  /** One word for each n-gram. */
  readNgrams(ngrams: Ngrams): Uint32Array {
    const { width, count, tokens } = ngrams;
    const message = startMessage(width - 1);
    const out = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < width; i++) putToken(message, i, tokens[row * width + i]!);
      out[row] = this.#hash(message);
    }
    return out;
  }

  /** One word for each token that may follow a context. */
  readTokens(context: Int32Array, tokens: Int32Array): Uint32Array {
    const message = startMessage(context.length);
    context.forEach((token, i) => {
      putToken(message, i, token);
    });
    return Uint32Array.from(tokens, (token) => {
      putToken(message, context.length, token);
      return this.#hash(message);
    });
  }

  #hash(message: DataView): number {
    const bytes = new Uint8Array(message.buffer);
    return createHmac('sha256', this.#key).update(bytes).digest().readUInt32LE(0);
  }
}

function startMessage(contextSize: number): DataView {
  const size = DOMAIN.length + SIZE_BYTES + (contextSize + 1) * TOKEN_BYTES;
  const message = new Uint8Array(size);
  message.set(DOMAIN);
  const view = new DataView(message.buffer);
  view.setUint32(DOMAIN.length, contextSize, true);
  return view;
}

function putToken(message: DataView, index: number, token: number): void {
  const at = DOMAIN.length + SIZE_BYTES + index * TOKEN_BYTES;
  message.setInt32(at, token, true);
  message.setInt32(at + 4, token >> 31, true);
}
