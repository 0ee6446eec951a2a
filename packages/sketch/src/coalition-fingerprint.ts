import { createHash } from 'node:crypto';
import type { Message } from '@phalanx/domain';
import { createSketcher } from './sketcher.js';

/** What labs of a coalition compare instead of prompts: the members of `x-llm-prompt-fingerprint`. */
export interface CoalitionFingerprint {
  readonly algorithm: 'phalanx-template-1';
  /** SHA-256, hexadecimal: names the key. Fingerprints compare only where it is equal. */
  readonly paramsDigest: string;
  /** The 64 MinHash lanes of the template, 128 hexadecimal digits. */
  readonly digest: string;
}

/** Makes fingerprints under the key of a coalition. As `Sketcher`: synchronous, not shared between threads. */
export interface CoalitionSketcher {
  readonly paramsDigest: string;
  /** The 64 MinHash lanes of a prompt; null for a text without words, which is like every other such text. */
  sketchTemplate(text: string): Uint8Array | null;
  /** The same, as it is told to others. */
  fingerprintTemplate(text: string): CoalitionFingerprint | null;
}

/**
 * Sketches under the key that all labs of a coalition have. The lab's own sketches cannot be converted: they are made under a key that no
 * other lab has, so what is to be compared is sketched again from kept text.
 *
 * Only lanes are told, neither the hash of the whole text nor topics, shape or intents: a hash would confirm a guessed prompt for certain.
 *
 * @param key 32 bytes, agreed for one coalition and retired with it
 * @throws PhalanxError `SKETCH_KEY` unless the key has 32 bytes
 */
export function createCoalitionSketcher(key: Uint8Array): CoalitionSketcher {
  const sketcher = createSketcher(key);
  const paramsDigest = createHash('sha256')
    .update('phalanx/coalition-fingerprint/1\0')
    .update(key)
    .digest('hex');
  const sketchTemplate = (text: string) => {
    const { minhash } = sketcher.sketchPrompt(text);
    return minhash.every((lane) => lane === 0) ? null : minhash;
  };
  return {
    paramsDigest,
    sketchTemplate,
    fingerprintTemplate(text) {
      const lanes = sketchTemplate(text);
      if (lanes === null) return null;
      return { algorithm: 'phalanx-template-1', paramsDigest, digest: Buffer.from(lanes).toString('hex') };
    },
  };
}

/** What is sketched of a request, as in `ExchangeRecord.minhash`: its last user message, '' when there is none. */
export function findTemplateText(messages: readonly Message[]): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? '';
}
