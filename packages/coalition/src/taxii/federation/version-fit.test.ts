import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutSignature } from '../../stix/object-digest.js';
import type { StixObject } from '../../stix/stix-object.js';
import { makeNextVersion, revokeObject } from '../../stix/version-chain.js';
import { LABS, makeSigned } from './hubs.test.support.js';
import { findMisfit } from './version-fit.js';

const [lab] = LABS as [(typeof LABS)[0]];
const first = withoutSignature(makeSigned(lab, 'green'));
const SECOND_MS = 1000;
const startMs = Date.parse(String(first.modified));

function makeChain(length: number, revoked: boolean): StixObject[] {
  const chain = [first];
  for (let n = 1; n < length; n++) {
    chain.push(makeNextVersion(chain.at(-1)!, { confidence: n }, startMs + n * SECOND_MS));
  }
  return revoked ? [...chain, revokeObject(chain.at(-1)!, startMs + length * SECOND_MS)] : chain;
}

/** A version that names another as the one before, whatever its rules say. */
function continueFrom(before: StixObject, seconds: number, name: string): StixObject {
  const { revoked: _, ...living } = before;
  return makeNextVersion(living as StixObject, { name }, startMs + seconds * SECOND_MS);
}

it('takes every part of an honest chain in every order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (length, revoked, draws) => {
        const left = makeChain(length, revoked);
        const known: StixObject[] = [];
        while (left.length > 0) {
          const [next] = left.splice(draws.next().value % left.length, 1);
          if (draws.next().value % 4 === 0) continue;
          expect(findMisfit(next!, known, true)).toBeNull();
          known.push(next!);
        }
      },
    ),
  );
});

it('tells every way in which a chain is not one', () => {
  const [, second, third] = makeChain(3, false) as [StixObject, StixObject, StixObject];
  const revoked = revokeObject(second, startMs + 2 * SECOND_MS);
  const misfits: readonly (readonly [StixObject, readonly StixObject[], RegExp])[] = [
    [{ ...second, created: '2026-01-01T00:00:00.000Z' }, [first], /another maker or time/],
    [{ ...second, created_by_ref: LABS[1]!.identity }, [first], /another maker or time/],
    [{ ...second, name: 'other' }, [first, second], /the time of another version/],
    [{ ...first, modified: third.modified! }, [first], /does not name the one before/],
    // Known or not, what both continue has one next version.
    [continueFrom(first, 5, 'fork'), [first, second], /fork/],
    [continueFrom(first, 5, 'fork'), [second], /fork/],
    [
      { ...continueFrom(second, 5, 'back'), modified: new Date(startMs + SECOND_MS / 2).toISOString() },
      [second],
      /continues a later one/,
    ],
    [third, [first, revoked], /the time of another version/],
  ];
  for (const [object, known, why] of misfits) expect(findMisfit(object, known, true)).toMatch(why);
  // It names the revoked version rightly, and yet none may follow.
  const { extensions } = makeNextVersion({ ...revoked, revoked: false }, {}, startMs + 9 * SECOND_MS);
  const after = {
    ...second,
    extensions,
    modified: new Date(startMs + 9 * SECOND_MS).toISOString(),
  } as StixObject;
  expect(findMisfit(after, [revoked], true)).toMatch(/after its revocation/);
  expect(findMisfit(revoked, [second, third], true)).toMatch(/the time of another|fork/);
});

it('asks those who sign nothing for no links', () => {
  expect(
    findMisfit({ ...first, modified: new Date(startMs + SECOND_MS).toISOString() }, [first], false),
  ).toBeNull();
});
