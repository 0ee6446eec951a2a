import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  isListed,
  lookupAnswerSchema,
  lookupRequestSchema,
  MAX_LOOKUP_TEXT,
  makeLookupRequest,
  SightingTable,
  tokenOfOutput,
} from './lookup.js';
import { decodeMessage, encodeMessage } from './message.js';

const fails = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const tokens = (count: number) => Array.from({ length: count }, () => tokenOfOutput(randomBytes(64)));
const sightings = (list: Uint8Array[], epoch = 7) => ({
  type: 'phalanx-token-sightings-v1' as const,
  epoch,
  tokens: list,
});

describe('level 1', () => {
  it('lists what t distinct labs have seen, and no more', () => {
    const table = new SightingTable(7, 3);
    const [three, two, one] = [tokens(5), tokens(5), tokens(5)];
    expect(table.add('a', sightings([...three, ...two, ...one]))).toBe(15);
    expect(table.add('b', sightings([...three, ...two]))).toBe(10);
    for (let again = 0; again < 3; again++) expect(table.add('a', sightings(two))).toBe(0);
    expect(table.add('c', sightings([...three, ...three]))).toBe(5);
    const built = table.build();
    const listed = (token: Uint8Array) => {
      const request = makeLookupRequest(7, token);
      return isListed(token, request, built.answer(request));
    };
    expect(three.map(listed)).toEqual(Array(5).fill(true));
    expect([...two, ...one, ...tokens(20)].some(listed)).toBe(false);
  });

  it('answers every prefix with as many entries, the same each time, padding among them', () => {
    const table = new SightingTable(7, 2);
    const crowded = Array.from({ length: 9 }, () => {
      const token = tokenOfOutput(randomBytes(64));
      token.set([0xab, 0xcd]);
      return token;
    });
    for (const lab of ['a', 'b']) table.add(lab, sightings(crowded));
    const built = table.build();
    expect(built.bucketSize).toBe(16);
    const full = built.answer(makeLookupRequest(7, crowded[0]!));
    const empty = built.answer(makeLookupRequest(7, new Uint8Array(16)));
    for (const { rests } of [full, empty]) {
      expect(rests).toHaveLength(16);
      expect(rests).toEqual([...rests].sort(Buffer.compare));
    }
    expect(table.build().answer(makeLookupRequest(7, crowded[0]!))).toEqual(full);
    const length = (answer: typeof full) => encodeMessage(lookupAnswerSchema, answer).length;
    expect(length(full)).toBe(length(empty));
  });

  it('passes through JSON, and refuses what does not fit', () => {
    const table = new SightingTable(7, 2);
    const [token] = tokens(1);
    table.add('a', sightings([token!]));
    table.add('b', sightings([token!]));
    const text = encodeMessage(lookupRequestSchema, makeLookupRequest(7, token!));
    const request = decodeMessage(lookupRequestSchema, text, MAX_LOOKUP_TEXT);
    const answer = table.build().answer(request);
    const read = decodeMessage(
      lookupAnswerSchema,
      encodeMessage(lookupAnswerSchema, answer),
      MAX_LOOKUP_TEXT,
    );
    expect(isListed(token!, request, read)).toBe(true);
    expect(() => isListed(token!, request, { ...read, epoch: 8 })).toThrow(
      fails('COALITION_MATCHING', /another/),
    );
    expect(() => table.build().answer({ ...request, epoch: 8 })).toThrow(
      fails('COALITION_MATCHING', /epoch 8/),
    );
    expect(() => table.add('a', sightings([token!], 8))).toThrow(fails('COALITION_MATCHING', /epoch 8/));
    expect(() => new SightingTable(7, 1)).toThrow(fails('COALITION_LIMIT', /threshold/));
  });

  it('takes 200,000 tokens of a lab', () => {
    const table = new SightingTable(7, 2);
    const many = Array.from({ length: 200_000 }, (_, i) => {
      const token = new Uint8Array(16);
      new DataView(token.buffer).setUint32(12, i);
      return token;
    });
    table.add('a', sightings(many));
    expect(() => table.add('a', sightings(tokens(1)))).toThrow(fails('COALITION_LIMIT', /one lab/));
    // Two labs fill one bucket: what three have seen stays.
    const [honest] = tokens(1);
    honest!.set([0, 0]);
    const flooded = new SightingTable(7, 2);
    for (const lab of ['a', 'b']) flooded.add(lab, sightings(many.slice(0, 5_000)));
    for (const lab of ['c', 'd', 'e']) flooded.add(lab, sightings([honest!]));
    const built = flooded.build();
    const request = makeLookupRequest(7, honest!);
    expect(built.bucketSize).toBe(1_024);
    expect(isListed(honest!, request, built.answer(request))).toBe(true);
  });
});
