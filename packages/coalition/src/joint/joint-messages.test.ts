import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EvidenceStatement,
  evidenceStatementSchema,
  linkStatementSchema,
  MAX_JOINT_TEXT,
  openStatement,
  signStatement,
} from './joint-messages.js';

const [one, other] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')];
const keyOf = (place: number) => [one, other][place - 1]?.publicKey;
const statement: EvidenceStatement = {
  type: 'phalanx-joint-evidence-v1',
  place: 1,
  candidate: 3,
  day: 20_486,
  coordination: 17,
  both: null,
};
const text = signStatement(statement, one.privateKey);
const open = (said: string) => openStatement(evidenceStatementSchema, said, keyOf);

describe('statements of labs', () => {
  it('come back as they were signed', () => {
    expect(open(text)).toEqual(statement);
  });

  it('are refused when another lab signed them, or none that is known', () => {
    for (const said of [
      signStatement(statement, other.privateKey),
      signStatement({ ...statement, place: 9 }, one.privateKey),
    ])
      expect(() => open(said)).toThrow(expect.objectContaining({ code: 'COALITION_TRUST' }));
  });

  it('are refused when anything in them was changed', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        if (changed === text) return;
        expect(() => open(changed)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^COALITION_(TRUST|MATCHING)$/) }),
        );
      }),
    );
  });

  it('are refused out of limits: more than a tenth of a decade, a time of day, a count, another member', () => {
    const wrong: object[] = [
      { ...statement, coordination: 17.4 },
      { ...statement, coordination: 100 },
      { ...statement, day: 20_486.5 },
      { ...statement, exchanges: 4_711 },
      { ...statement, place: 0 },
      { ...statement, type: 'phalanx-joint-candidate-v1' },
    ];
    for (const said of wrong) {
      expect(() => signStatement(said as EvidenceStatement, one.privateKey)).toThrow(
        expect.objectContaining({ code: 'COALITION_MATCHING' }),
      );
      // As somebody would send it whose software does not look.
      const forged = JSON.stringify({ statement: said, signature: '0'.repeat(128) });
      expect(() => open(forged)).toThrow(expect.objectContaining({ code: 'COALITION_MATCHING' }));
    }
    expect(() => open(' '.repeat(MAX_JOINT_TEXT + 1))).toThrow(
      expect.objectContaining({ code: 'COALITION_LIMIT' }),
    );
  });

  it('of any JSON are refused with our own errors', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const said of [
          JSON.stringify(value),
          JSON.stringify({ statement: value, signature: '0'.repeat(128) }),
        ])
          expect(() => openStatement(linkStatementSchema, said, keyOf)).toThrow(
            expect.objectContaining({ code: expect.stringMatching(/^COALITION_/) }),
          );
      }),
    );
  });
});
