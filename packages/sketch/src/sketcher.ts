import {
  PROMPT_MINHASH_BYTES,
  RESPONSE_MINHASH_BYTES,
  type ResponseSketch,
  type TextSketch,
  TOPIC_BYTES,
} from '@phalanx/domain';
import { type BenchmarkIndex, checkBenchmarkIndex } from './benchmark-index.js';
import { type Kernel, openKernel, WHOLE_BYTES } from './kernel.js';
import { sketchError } from './sketch-error.js';

/** Bytes of a sketch key. */
export const SKETCH_KEY_BYTES = 32;

/** Sketches texts under one key. Synchronous, not shared between threads; holds the key in its memory. */
export interface Sketcher {
  /** Never throws; lone surrogates count as U+FFFD. Longer than 64 KiB of UTF-8: first 48 KiB and last 16 KiB. */
  sketchPrompt(text: string): TextSketch;
  /** As `sketchPrompt`, for an answer. The `hash` of equal texts is equal on both sides. */
  sketchResponse(text: string): ResponseSketch;
  /**
   * SipHash-2-4-64 of the whole text, exact bytes, separated by domain. 0 for the empty text and never otherwise.
   *
   * @throws PhalanxError `SKETCH_DOMAIN` unless the domain has 1-64 UTF-16 units and no U+0000.
   */
  hash64(domain: string, text: string): bigint;
  /** As `hash64` with 16 bytes and no special value for the empty text. */
  hash128(domain: string, text: string): Uint8Array;
}

export interface SketcherOptions {
  /** Known benchmark passages; without it the BENCHMARK intent is never set. */
  readonly benchmarks?: BenchmarkIndex;
}

const encoder = new TextEncoder();

// Offsets in the kernel's OUT.
const SHAPE = 8;
const INTENTS = 12;
const LANES = 16;
const TOPICS = 80;

/**
 * Opens a sketcher. Sketches compare only under the same key; without the key they cannot be searched for a text.
 * Costs about a millisecond and 2 MiB (plus 16 to 32 bytes a benchmark hash): make one a key and keep it.
 *
 * @throws PhalanxError `SKETCH_KEY` unless the key has 32 bytes, `SKETCH_BENCHMARK_INDEX` for a malformed index.
 */
export function createSketcher(key: Uint8Array, options: SketcherOptions = {}): Sketcher {
  if (key.length !== SKETCH_KEY_BYTES)
    throw sketchError('SKETCH_KEY', `a sketch key has ${SKETCH_KEY_BYTES} bytes, not ${key.length}`, {
      advice: 'Generate it with crypto.randomBytes(32) and store it as a secret.',
    });
  const kernel = openWithBenchmarks(key, options.benchmarks);
  const { exports, bytes, out } = kernel;
  const view = new DataView(bytes.buffer, out);
  return {
    sketchPrompt(text) {
      exports.sketchPrompt(kernel.writeText(text), text.length);
      return {
        hash: view.getBigUint64(0, true),
        minhash: bytes.slice(out + LANES, out + LANES + PROMPT_MINHASH_BYTES),
        topics: bytes.slice(out + TOPICS, out + TOPICS + TOPIC_BYTES),
        shape: view.getUint32(SHAPE, true),
        intents: view.getUint32(INTENTS, true),
      };
    },
    sketchResponse(text) {
      exports.sketchResponse(kernel.writeText(text));
      return {
        hash: view.getBigUint64(0, true),
        minhash: bytes.slice(out + LANES, out + LANES + RESPONSE_MINHASH_BYTES),
      };
    },
    hash64(domain, text) {
      checkDomain(domain);
      if (text === '') return 0n;
      const hash = hashMessage(kernel, `${domain}\0${text}`, false);
      return hash === 0n ? 1n : hash;
    },
    hash128(domain, text) {
      checkDomain(domain);
      view.setBigInt64(0, hashMessage(kernel, `${domain}\0${text}`, true), true);
      view.setBigInt64(8, exports.finishWide(), true);
      return bytes.slice(out, out + 16);
    },
  };
}

function openWithBenchmarks(key: Uint8Array, index: BenchmarkIndex | undefined): Kernel {
  if (index === undefined || index.hashes.length === 0) return openKernel(key);
  checkBenchmarkIndex(index);
  // At most half full: a probe ends after 1.5 slots on average.
  const slots = 2 ** Math.ceil(Math.log2(index.hashes.length * 2));
  const kernel = openKernel(key, slots);
  const staging = new BigUint64Array(kernel.bytes.buffer, kernel.raw, WHOLE_BYTES / 8);
  for (let from = 0; from < index.hashes.length; from += staging.length) {
    const chunk = index.hashes.subarray(from, from + staging.length);
    staging.set(chunk);
    kernel.exports.addBenchmarks(chunk.length);
  }
  return kernel;
}

/** SipHash of a message of any length, WHOLE_BYTES at a time. */
function hashMessage(kernel: Kernel, message: string, wide: boolean): bigint {
  const { exports, bytes, raw } = kernel;
  exports.startSipHash(exports.KEYS.value + exports.IDENTIFIER_KEY.value, wide);
  const room = bytes.subarray(raw, raw + WHOLE_BYTES);
  const { read, written } = encoder.encodeInto(message, room);
  if (read === message.length) return BigInt.asUintN(64, exports.finishSipHash(raw, written, written, wide));
  const all = encoder.encode(message);
  let from = 0;
  for (; all.length - from > WHOLE_BYTES; from += WHOLE_BYTES) {
    room.set(all.subarray(from, from + WHOLE_BYTES));
    exports.absorb(raw, WHOLE_BYTES);
  }
  room.set(all.subarray(from));
  return BigInt.asUintN(64, exports.finishSipHash(raw, all.length - from, all.length, wide));
}

function checkDomain(domain: string): void {
  if (domain.length === 0 || domain.length > 64 || domain.includes('\0'))
    throw sketchError('SKETCH_DOMAIN', 'a hash domain has 1 to 64 characters and no U+0000');
}
