import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonicalJson, toHex } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { ConditionalBound } from './accusation.js';
import { findCarrierRange, openCarriers } from './carriers.js';
import { checkRegisteredCopy, packWord, parseRegisteredCopy } from './copy-register.js';
import { drawCodeWord, openFingerprintCode, scoreWord } from './fingerprint-code.js';
import { digestMarkKey, parseMarkKey } from './mark-key.js';
import { markNumbers } from './marking.js';

const vectors = JSON.parse(
  readFileSync(new URL('../../../../docs/spec/vectors/weight-marks.json', import.meta.url), 'utf8'),
);
const key = parseMarkKey(JSON.stringify(vectors.key));
const { codeLength, colluders, share, amplitude } = key.parameters;

// docs/spec/weight-marks.md once more, from RFC 5869 and the cipher up.
const hmac = (by: Uint8Array, text: Uint8Array | string) => createHmac('sha256', by).update(text).digest();
const expand = (use: string) =>
  hmac(hmac(Buffer.alloc(32), key.secret), Buffer.from(`phalanx-weight-marks-v1 ${use}\u0001`));
const stream = (by: Uint8Array, bytes: number) =>
  createCipheriv('aes-128-ctr', by, Buffer.alloc(16)).update(Buffer.alloc(bytes));
const words = (bytes: Buffer) =>
  Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(4 * i));
const t = Math.asin(1 / Math.sqrt(300 * colluders));
const thresholds = words(stream(expand('biases').subarray(0, 16), 4 * codeLength)).map((u) =>
  Math.round(2 ** 32 * Math.sin(t + ((u + 0.5) / 2 ** 32) * (Math.PI / 2 - 2 * t)) ** 2),
);
const wordOf = (kind: string, name: string) =>
  words(stream(hmac(expand('words'), canonicalJson([kind, name])).subarray(0, 16), 4 * codeLength)).map(
    (v, i) => (v < thresholds[i]! ? 1 : 0),
  );

describe('vectors of docs/spec/weight-marks.md', () => {
  it('have the digest of the key, biases and code words', () => {
    expect(digestMarkKey(key)).toBe(vectors.keySha256);
    expect(createHash('sha256').update(canonicalJson(vectors.key)).digest('hex')).toBe(vectors.keySha256);
    expect(thresholds.slice(0, 8)).toEqual(vectors.thresholds);
    const code = openFingerprintCode(key);
    expect([...code.thresholds]).toEqual(thresholds);
    for (const { kind, name, word } of vectors.holders) {
      const own = drawCodeWord(code, key.secret, { kind, name });
      expect(toHex(packWord(own))).toBe(word);
      expect([...own]).toEqual(wordOf(kind, name));
    }
  });

  it('have the marked numbers of every format', () => {
    const code = openFingerprintCode(key);
    const [{ kind, name }] = vectors.holders;
    const word = wordOf(kind, name);
    for (const { tensor, format, before, after } of vectors.marked) {
      const width = format === 'F32' ? 4 : 2;
      const bytes = new Uint8Array(Buffer.from(before, 'hex'));
      const count = bytes.length / width;
      const carriers = openCarriers(key, tensor);
      const range = findCarrierRange(format, carriers.tensor.threshold, amplitude);
      const runs = carriers.read(0, Math.ceil(count / 16));
      markNumbers(format, bytes, range, runs, drawCodeWord(code, key.secret, { kind, name }), key.parameters);
      expect(toHex(bytes)).toBe(after);

      const own = stream(hmac(expand('carriers'), tensor).subarray(0, 16), 8 * Math.ceil(count / 16));
      const numbers = Buffer.from(before, 'hex');
      for (let k = 0; k < count; k++) {
        const run = own.subarray(8 * (k >> 4));
        const bits = width === 4 ? numbers.readUInt32LE(4 * k) : numbers.readUInt16LE(2 * k);
        const value = decodeWord(format, bits);
        const steps = amplitude * { BF16: 1, F16: 8, F32: 65_536 }[format as 'BF16']!;
        const [least, most] = { BF16: [0x80, 0x7f80], F16: [0x400, 0x7c00], F32: [0x80_0000, 0x7f80_0000] }[
          format as 'BF16'
        ]!;
        const magnitude = bits % 2 ** (8 * width - 1);
        const carries =
          run.readUInt16LE(0) < share &&
          Math.abs(value) > carriers.tensor.threshold &&
          magnitude - steps >= least! &&
          magnitude + steps < most!;
        if (!carries) continue;
        const plus = (run.readUInt16LE(2) >> (k % 16)) & 1;
        const grows = plus === word[(run.readUInt32LE(4) + (k % 16)) % codeLength];
        const next = bits + (grows ? steps : -steps);
        if (width === 4) numbers.writeUInt32LE(next, 4 * k);
        else numbers.writeUInt16LE(next, 2 * k);
      }
      expect(numbers.toString('hex')).toBe(after);
      expect(after).not.toBe(before);
    }
  });

  it('have scores and bounds', () => {
    const code = openFingerprintCode(key);
    const shown = Float64Array.from(vectors.shown);
    const bound = new ConditionalBound(code, shown);
    for (const { kind, name, score, log10P } of vectors.holders) {
      const own = drawCodeWord(code, key.secret, { kind, name });
      expect(scoreWord(code, own, shown)).toBeCloseTo(score, 9);
      expect(bound.test(own).logP / Math.LN10).toBeCloseTo(log10P, 4);
    }
  });

  it('have an entry of the register', () => {
    const entry = parseRegisteredCopy(vectors.registered);
    expect(checkRegisteredCopy(key, entry)).toEqual([]);
    const { holder, salt } = entry;
    const sha256 = (...parts: (string | Uint8Array)[]) =>
      parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
    expect(entry.recipientSha256).toBe(sha256(`${salt}\n`, canonicalJson([holder.kind, holder.name])));
    const packed = Buffer.alloc(codeLength / 8);
    for (const [i, bit] of wordOf(holder.kind, holder.name).entries()) packed[i >> 3]! |= bit << (i & 7);
    expect(entry.codeSha256).toBe(sha256(`${salt}\n${entry.keySha256}\n`, packed));
  });
});

function decodeWord(format: string, bits: number): number {
  if (format === 'F16') {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    return exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return new Float32Array(Uint32Array.of(format === 'F32' ? bits : bits * 65_536).buffer)[0]!;
}
