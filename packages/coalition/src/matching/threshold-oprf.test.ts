import { fromHex, toHex, utf8 } from '@phalanx/core';
import { describe, expect, it } from 'vitest';
import { askForProof, finalizeCombined } from './combined-proof.js';
import { keyGroupSchema, keyIdOf } from './key-group.js';
import { decodeMessage, encodeMessage } from './message.js';
import { evaluateInput } from './oprf.js';
import { rehearseKey } from './rehearsed-key.js';
import { drawScalar, GENERATOR, multiplyPoint } from './ristretto.js';
import { interpolateAtZero, lagrangeAtZero } from './shamir.js';
import {
  blindForServers,
  type EvaluationRequest,
  evaluateShare,
  evaluationRequestSchema,
  finalizeFromServers,
  MAX_EVALUATION_TEXT,
  type PartialEvaluation,
  partialEvaluationSchema,
} from './threshold-oprf.js';
import { canonicalValue, matchingInput } from './value-class.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const shares = rehearseKey(3, 5, 7);
const { group } = shares[0]!;
const inputs = ['198.51.100.3', '2001:db8::1'].map((text) =>
  matchingInput('ip', 7, canonicalValue('ip', text)),
);
const ask = (quorum: number[]) => {
  const asked = blindForServers(group, quorum, inputs);
  return { asked, answers: quorum.map((server) => evaluateShare(shares[server - 1]!, asked.request)) };
};

describe('a key in shares', () => {
  it('gives the outputs of RFC 9497 under the key that nobody has, whoever is asked', () => {
    const secret = interpolateAtZero(
      lagrangeAtZero([2, 3, 4]),
      shares.slice(1, 4).map((share) => share.use((bytes) => Uint8Array.from(bytes))),
    );
    const expected = inputs.map((input) => toHex(evaluateInput(secret, input, 1)));
    for (const quorum of [
      [1, 2, 3],
      [1, 3, 5],
      [3, 4, 5],
    ]) {
      const { asked, answers } = ask(quorum);
      expect(finalizeFromServers(group, asked, answers.reverse()).map(toHex)).toEqual(expected);
    }
  });

  it('passes through JSON', () => {
    const { asked } = ask([1, 2, 3]);
    const read = decodeMessage(keyGroupSchema, encodeMessage(keyGroupSchema, group), MAX_EVALUATION_TEXT);
    expect(keyIdOf(read)).toEqual(keyIdOf(group));
    const text = encodeMessage(evaluationRequestSchema, asked.request);
    const request = decodeMessage(evaluationRequestSchema, text, MAX_EVALUATION_TEXT);
    const answers = [1, 2, 3].map((server) => {
      const answer = encodeMessage(partialEvaluationSchema, evaluateShare(shares[server - 1]!, request));
      return decodeMessage(partialEvaluationSchema, answer, MAX_EVALUATION_TEXT);
    });
    expect(finalizeFromServers(group, asked, answers)).toHaveLength(2);
  });

  it('names every server that used another key, changed a point, or did not answer', () => {
    const { asked, answers } = ask([1, 3, 5]);
    const [one, three, five] = answers as [(typeof answers)[0], (typeof answers)[0], (typeof answers)[0]];
    const swapped = { ...three, points: [three.points[1]!, three.points[0]!] };
    const doubled = { ...three, points: three.points.map((point) => multiplyPoint(drawScalar(), point)) };
    const cases: [typeof answers, RegExp][] = [
      [[one, swapped, five], /server 3$/],
      [[one, doubled, { ...five, proof: new Uint8Array(64) }], /server 3, 5$/],
      [[one, five], /server 3$/],
      [[one, three, five, five], /server 5$/],
      [[one, { ...three, points: [three.points[0]!] }, five], /server 3$/],
      [[one, { ...three, key: new Uint8Array(32) }, five], /server 3$/],
      [[one, { ...three, points: [new Uint8Array(32), three.points[1]!] }, five], /server 3$/],
      [[{ ...three, server: 1 }, three, five], /server 1$/],
    ];
    for (const [given, message] of cases)
      expect(() => finalizeFromServers(group, asked, given)).toThrow(fails('COALITION_PROOF', message));
  });

  it('proves a batch at once, and names who is false in it', () => {
    const quorum = [2, 3, 5];
    const evaluate = (request: EvaluationRequest) =>
      quorum.map((server) => evaluateShare(shares[server - 1]!, request));
    const asked = blindForServers(group, quorum, inputs, false);
    const answers = evaluate(asked.request);
    expect(answers.every(({ proof }) => proof === null)).toBe(true);
    expect(() => finalizeFromServers(group, asked, answers)).toThrow(
      fails('COALITION_PROOF', /server 2, 3, 5$/),
    );
    const check = askForProof(asked, answers);
    expect(check.request.points).toHaveLength(1);
    const proofs = evaluate(check.request);
    const first = ask([1, 2, 3]);
    const expected = finalizeFromServers(group, first.asked, first.answers).map(toHex);
    expect(finalizeCombined(group, asked, check, proofs).map(toHex)).toEqual(expected);

    const [two, three, five] = answers as [PartialEvaluation, PartialEvaluation, PartialEvaluation];
    const cases: [PartialEvaluation[], RegExp][] = [
      [[two, { ...three, points: [three.points[1]!, three.points[0]!] }, five], /server 3$/],
      [
        [
          two,
          { ...three, points: [three.points[0]!, GENERATOR] },
          { ...five, points: [GENERATOR, GENERATOR] },
        ],
        /3, 5$/,
      ],
      [[{ ...two, points: [new Uint8Array(32), two.points[1]!] }, three, five], /server 2$/],
      [[{ ...two, points: [two.points[0]!, fromHex('01'.repeat(32))] }, three, five], /server 2$/],
    ];
    for (const [given, message] of cases) {
      const again = askForProof(asked, given);
      expect(() => finalizeCombined(group, asked, again, evaluate(again.request))).toThrow(
        fails('COALITION_PROOF', message),
      );
    }
    expect(() => askForProof(asked, [two, five])).toThrow(fails('COALITION_PROOF', /server 3$/));
    const unproved = proofs.map((proof) => (proof.server === 5 ? { ...proof, proof: null } : proof));
    expect(() => finalizeCombined(group, asked, check, unproved)).toThrow(
      fails('COALITION_PROOF', /server 5$/),
    );
    const other = askForProof(asked, answers);
    expect(() => finalizeCombined(group, asked, check, evaluate(other.request))).toThrow(
      fails('COALITION_PROOF', /server 2, 3, 5$/),
    );
  });

  it('a server answers for its key and its quorum only', () => {
    const { request } = ask([1, 2, 3]).asked;
    for (const change of [
      { key: new Uint8Array(32) },
      { quorum: [2, 3, 4] },
      { quorum: [1, 2] },
      { quorum: [2, 1, 3] },
      { quorum: [1, 1, 2] },
      { points: [new Uint8Array(32)] },
      { points: [GENERATOR, fromHex('01'.repeat(32))] },
    ])
      expect(() => evaluateShare(shares[0]!, { ...request, ...change })).toThrow(
        fails('COALITION_MATCHING', /./),
      );
    expect(() => evaluateShare(rehearseKey(3, 5, 7)[0]!, request)).toThrow(
      fails('COALITION_MATCHING', /another key/),
    );
  });

  it('a server whose share is destroyed answers nothing', () => {
    const [own] = rehearseKey(1, 1, 7);
    const { request } = blindForServers(own!.group, [1], [utf8('x')]);
    own!.destroy();
    expect(() => evaluateShare(own!, request)).toThrow(fails('COALITION_MATCHING', /destroyed/));
  });
});

it.each([
  ['{', 'COALITION_MATCHING'],
  ['[]', 'COALITION_MATCHING'],
  ['{"type":"phalanx-evaluation-request-v1"}', 'COALITION_MATCHING'],
  [`"${'x'.repeat(MAX_EVALUATION_TEXT)}"`, 'COALITION_LIMIT'],
])('refuses a request that is none', (text, code) => {
  expect(() => decodeMessage(evaluationRequestSchema, text, MAX_EVALUATION_TEXT)).toThrow(fails(code, /./));
});

it('refuses hostile JSON, and does not repeat it', () => {
  for (const text of [
    '['.repeat(1_000_000),
    `{"${'a\u202e'.repeat(200_000)}":1}`,
    `{"points":"${'A'.repeat(900_000)}"}`,
  ]) {
    let message = '';
    try {
      decodeMessage(evaluationRequestSchema, text, MAX_EVALUATION_TEXT);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^the message is/);
    expect(message.length).toBeLessThan(200);
  }
});

it('refuses what is almost a request', () => {
  const { request } = ask([1, 2, 3]).asked;
  const good = JSON.parse(encodeMessage(evaluationRequestSchema, request));
  for (const change of [
    { points: good.points.slice(4) },
    { points: '' },
    { points: good.points.replace(/.{4}$/, '!!!!') },
    { quorum: [0] },
    { proved: 1 },
    { quorum: ['1'] },
    { quorum: Array(40).fill(1) },
    { key: 'AA==' },
    { extra: 1 },
  ])
    expect(() =>
      decodeMessage(evaluationRequestSchema, JSON.stringify({ ...good, ...change }), MAX_EVALUATION_TEXT),
    ).toThrow(fails('COALITION_MATCHING', /malformed/));
});
