import { readFileSync } from 'node:fs';
import { fromHex, toHex, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { drawPositions, makeDrawHalf } from './audit-draw.js';
import { verifyPossession } from './equality-proof.js';
import { framed } from './framed-bytes.js';
import { hashToGroup } from './hash-to-group.js';
import { checkKeyGroup, type KeyGroup, keyIdOf } from './key-group.js';
import { KeyShare } from './key-share.js';
import { tokenOfOutput } from './lookup.js';
import { blindInput } from './oprf.js';
import { multiplyBase, multiplyPoint, pointFromUniform } from './ristretto.js';
import { openBox, revealSecretOf, sealSighting } from './sealed-sighting.js';
import { declareSet, digestOfDeclaration, tagOf, tagOpening } from './set-commitment.js';
import { evaluatePolynomial, lagrangeAtZero } from './shamir.js';
import { bandValues } from './template-bands.js';
import { evaluateShare, finalizeFromServers } from './threshold-oprf.js';
import { canonicalValue, matchingInput } from './value-class.js';

const file = new URL('../../../../docs/spec/vectors/private-matching.json', import.meta.url);
const { values, keyGroup, possession, evaluation, reveal, cardinality, audit, bands } = JSON.parse(
  readFileSync(file, 'utf8'),
).phalanx;
const group: KeyGroup = {
  type: 'phalanx-key-group-v1',
  epoch: keyGroup.epoch,
  threshold: keyGroup.threshold,
  members: keyGroup.members,
  publicKey: fromHex(keyGroup.publicKey),
  publicShares: keyGroup.publicShares.map(fromHex),
  transcript: fromHex(keyGroup.transcript),
};

describe('docs/spec/vectors/private-matching.json', () => {
  it('values', () => {
    for (const { class: valueClass, text, value, input } of values) {
      const bytes = canonicalValue(valueClass, text);
      expect(toHex(bytes)).toBe(value);
      expect(toHex(matchingInput(valueClass, keyGroup.epoch, bytes))).toBe(input);
    }
  });

  it('key group, shares and possession', () => {
    checkKeyGroup(group);
    expect(toHex(keyIdOf(group))).toBe(keyGroup.keyId);
    const coefficients = keyGroup.coefficients.map(fromHex);
    expect([1, 2, 3].map((x) => toHex(evaluatePolynomial(coefficients, x)))).toEqual(keyGroup.shares);
    const { context, publicKey, proof } = possession;
    expect(verifyPossession(fromHex(publicKey), fromHex(context), fromHex(proof))).toBe(true);
    expect(verifyPossession(fromHex(publicKey), fromHex(`${context}00`), fromHex(proof))).toBe(false);
  });

  it('evaluation by two of three servers', () => {
    const { quorum, weights, parts, output, token } = evaluation;
    expect(lagrangeAtZero(quorum).map(toHex)).toEqual(weights);
    const input = fromHex(evaluation.input);
    const blinded = blindInput(input, 1, fromHex(evaluation.blind));
    expect(toHex(blinded.point)).toBe(evaluation.blinded);
    const request = {
      type: 'phalanx-evaluation-request-v1' as const,
      key: keyIdOf(group),
      quorum,
      proved: true,
      points: [blinded.point],
    };
    const answers = quorum.map((server: number) =>
      evaluateShare(new KeyShare(group, server, fromHex(keyGroup.shares[server - 1])), request),
    );
    expect(answers.map(({ points }: { points: Uint8Array[] }) => toHex(points[0]!))).toEqual(parts);
    const asked = { request, inputs: [input], blinded: [blinded] };
    const [found] = finalizeFromServers(group, asked, answers);
    expect(toHex(found!)).toBe(output);
    expect(toHex(tokenOfOutput(found!))).toBe(token);
  });

  it('reveal', () => {
    const { epoch, threshold, place } = reveal;
    const terms = { epoch, threshold };
    const secret = revealSecretOf(fromHex(reveal.output), terms);
    expect([secret.seed, secret.tag, secret.key].map(toHex)).toEqual([reveal.seed, reveal.tag, reveal.key]);
    expect(secret.coefficients.map(toHex)).toEqual(reveal.coefficients);
    const opened = openBox(secret.key, terms, place, {
      tag: fromHex(reveal.tag),
      share: fromHex(reveal.share),
      nonce: fromHex(reveal.nonce),
      box: fromHex(reveal.box),
    })!;
    expect(toHex(opened.seed)).toBe(reveal.seed);
    const { class: valueClass, value, day, decade, detail } = reveal.sighting;
    const sighting = { valueClass, value: fromHex(value), day, decade, detail: fromHex(detail) };
    expect(opened.sighting).toEqual(sighting);
    expect(toHex(sealSighting(fromHex(reveal.output), terms, place, sighting).share)).toBe(reveal.share);
  });

  it('cardinality, declaration and audit', () => {
    const [key, run, secret] = [cardinality.key, cardinality.run, cardinality.tagSecret].map(fromHex) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const elements: Uint8Array[] = cardinality.elements.map(fromHex);
    const dst = utf8('phalanx-psi-v1-ristretto255_XMD:SHA-512_R255MAP_RO_');
    const mask = (element: Uint8Array) => toHex(multiplyPoint(key, hashToGroup(framed(run, element), dst)));
    expect(toHex(multiplyBase(key))).toBe(cardinality.publicKey);
    expect(elements.map(mask)).toEqual(cardinality.masked);
    expect(toHex(pointFromUniform(fromHex(cardinality.padding)))).toBe(cardinality.paddingPoint);
    const openings = elements.map((element) => tagOpening(secret, element));
    expect(openings.map(toHex)).toEqual(cardinality.tagOpenings);
    expect(elements.map((element, i) => toHex(tagOf(openings[i]!, element)))).toEqual(cardinality.tags);
    const declaration = declareSet(secret, cardinality.declaration.epoch, elements);
    expect(declaration.tags.map(toHex)).toEqual(cardinality.declaration.tags);
    expect(toHex(digestOfDeclaration(declaration))).toBe(cardinality.declaration.digest);
    const halves = audit.nonces.map((nonce: string) => makeDrawHalf(fromHex(nonce)));
    expect(halves.map(({ promise }: { promise: Uint8Array }) => toHex(promise))).toEqual(audit.promises);
    expect(drawPositions(fromHex(audit.subject), audit.size, halves)).toEqual(audit.positions);
  });

  it('bands', () => {
    expect(bandValues(fromHex(bands.minhash)).map(toHex)).toEqual(bands.values);
  });
});
