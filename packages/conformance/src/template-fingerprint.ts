import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '@phalanx/core';
import { createSketcher, type Sketcher } from '@phalanx/sketch';
import type { Suite } from './suite.js';

interface Vector {
  readonly key: string;
  readonly text?: string;
  readonly repeat?: { readonly unit: string; readonly times: number };
  readonly hash: string;
  readonly minhash: string;
  readonly topics: string;
  readonly shape: number;
  readonly intents: number;
  readonly responseMinhash: string;
}
interface Identifier {
  readonly key: string;
  readonly domain: string;
  readonly text: string;
  readonly hash64: string;
  readonly hash128: string;
}

/** The published vectors through the kernel as it is built and shipped. */
export const templateFingerprint: Suite = {
  name: 'template-fingerprint',
  what: 'the built sketch kernel against docs/spec/vectors/template-fingerprint.json',
  async run(checks, { root }) {
    const file = join(root, 'docs/spec/vectors/template-fingerprint.json');
    const published = JSON.parse(readFileSync(file, 'utf8'));
    const hashes = BigUint64Array.from(published.benchmark.hashes as string[], (hash) => BigInt(`0x${hash}`));
    const sketchers = new Map<string, Sketcher>();
    const open = (key: string) => {
      let sketcher = sketchers.get(key);
      if (sketcher === undefined)
        sketchers.set(key, (sketcher = createSketcher(Buffer.from(key, 'hex'), { benchmarks: { hashes } })));
      return sketcher;
    };
    for (const [number, vector] of (published.vectors as Vector[]).entries()) {
      const text = vector.text ?? vector.repeat!.unit.repeat(vector.repeat!.times);
      const prompt = open(vector.key).sketchPrompt(text);
      const response = open(vector.key).sketchResponse(text);
      const found = [
        toHex64(prompt.hash),
        toHex(prompt.minhash),
        toHex(prompt.topics),
        prompt.shape,
        prompt.intents,
        toHex64(response.hash),
        toHex(response.minhash),
      ];
      const { hash, minhash, topics, shape, intents, responseMinhash } = vector;
      const expected = [hash, minhash, topics, shape, intents, hash, responseMinhash];
      checks.equal(`vector ${number}`, found.join(' '), expected.join(' '));
    }
    for (const { key, domain, text, hash64, hash128 } of published.identifiers as Identifier[]) {
      const sketcher = open(key);
      const found = `${toHex64(sketcher.hash64(domain, text))} ${toHex(sketcher.hash128(domain, text))}`;
      checks.equal(`identifier ${domain}`, found, `${hash64} ${hash128}`);
    }
  },
};

function toHex64(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
