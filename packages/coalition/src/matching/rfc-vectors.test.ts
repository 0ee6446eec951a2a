import { readFileSync } from 'node:fs';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { expandMessage } from './hash-to-group.js';
import { blindInput, deriveOprfKey, evaluateInput, evaluatePoints, finalizeInput } from './oprf.js';
import { evaluateVerifiably, finalizeVerifiably } from './voprf.js';

const file = new URL('../../../../docs/spec/vectors/private-matching.json', import.meta.url);
const { rfc9380, rfc9497 } = JSON.parse(readFileSync(file, 'utf8'));

describe('RFC 9380', () => {
  it('expand_message_xmd', () => {
    for (const { message, bytes } of rfc9380.vectors)
      expect(toHex(expandMessage(utf8(message), utf8(rfc9380.dst), 32))).toBe(bytes);
  });
});

describe('RFC 9497, ristretto255-SHA512', () => {
  const seed = fromHex(rfc9497.seed);
  const info = fromHex(rfc9497.keyInfo);

  it('mode 0: key, blinded, evaluated, output', () => {
    const key = deriveOprfKey(seed, info, 0);
    expect(toHex(key.secretKey)).toBe(rfc9497.oprf.secretKey);
    for (const vector of rfc9497.oprf.vectors) {
      const input = fromHex(vector.input[0]);
      const blinded = blindInput(input, 0, fromHex(vector.blind[0]));
      const [evaluated] = evaluatePoints(key.secretKey, [blinded.point]);
      expect(toHex(blinded.point)).toBe(vector.blinded[0]);
      expect(toHex(evaluated!)).toBe(vector.evaluated[0]);
      expect(toHex(finalizeInput(input, blinded.blind, evaluated!))).toBe(vector.output[0]);
      expect(toHex(evaluateInput(key.secretKey, input, 0))).toBe(vector.output[0]);
    }
  });

  it('mode 1: the same, with proofs, one and two at a time', () => {
    const key = deriveOprfKey(seed, info, 1);
    expect(toHex(key.secretKey)).toBe(rfc9497.voprf.secretKey);
    expect(toHex(key.publicKey)).toBe(rfc9497.voprf.publicKey);
    for (const vector of rfc9497.voprf.vectors) {
      const inputs: Uint8Array[] = vector.input.map(fromHex);
      const blinded = inputs.map((input, i) => blindInput(input, 1, fromHex(vector.blind[i])));
      const points = blinded.map(({ point }) => point);
      expect(points.map(toHex)).toEqual(vector.blinded);
      const answer = evaluateVerifiably(key, points, fromHex(vector.random));
      expect(answer.points.map(toHex)).toEqual(vector.evaluated);
      expect(toHex(answer.proof)).toBe(vector.proof);
      const outputs = finalizeVerifiably(key.publicKey, inputs, blinded, answer);
      expect(outputs.map(toHex)).toEqual(vector.output);
    }
  });
});
