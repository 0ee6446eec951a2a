import { describe, expect, it } from 'vitest';
import { makeDomainObject } from './made-object.js';
import { AT_MS, AUTHORSHIP, LAB, LAB_KEYS, OTHER_LAB } from './sample-objects.test.support.js';
import { signObject } from './signed-object.js';
import { validateObject } from './validate-object.js';
import { appendVersion, makeNextVersion, revokeObject } from './version-chain.js';

const first = makeDomainObject('note', AUTHORSHIP, { content: 'one', object_refs: [LAB.id], lang: 'en' });
const second = makeNextVersion(first, { content: 'two', lang: undefined }, AT_MS + 1000);
const last = revokeObject(second, AT_MS + 2000);

describe('version chains', () => {
  it('grow, and end with a revocation', () => {
    let head = appendVersion(null, first);
    head = appendVersion(head, second);
    expect(appendVersion(head, second)).toBe(head);
    head = appendVersion(head, last);
    expect(head).toMatchObject({ revoked: true, createdByRef: LAB.id });
    expect([first, second, last].flatMap(validateObject)).toEqual([]);
    expect(second).not.toHaveProperty('lang');
  });

  it('do not see signatures, which may be renewed', () => {
    const head = appendVersion(null, signObject(first, { kid: 'a', privateKey: LAB_KEYS.privateKey }));
    expect(appendVersion(head, second).digest).toBe(appendVersion(null, second).digest);
  });

  it('refuse a fork, a step back, another maker and life after a revocation', () => {
    const head = appendVersion(appendVersion(null, first), second);
    const fork = makeNextVersion(first, { content: 'three' }, AT_MS + 3000);
    expect(() => appendVersion(head, fork)).toThrowError(/does not continue/);
    expect(() => appendVersion(head, first)).toThrowError(/back in time/);
    const { extensions: _link, ...bare } = fork;
    expect(() => appendVersion(head, bare as typeof fork)).toThrowError(/does not continue/);
    const foreign = { ...makeNextVersion(second, {}, AT_MS + 3000), created_by_ref: OTHER_LAB };
    expect(() => appendVersion(head, foreign)).toThrowError(/not by the maker/);
    const after = makeNextVersion({ ...last, revoked: false }, {}, AT_MS + 4000);
    expect(() => appendVersion(appendVersion(head, last), after)).toThrowError(/revoked/);
    expect(() => makeNextVersion(last, {}, AT_MS + 4000)).toThrowError(/revoked/);
  });

  it('cannot be made with an earlier clock or another identity', () => {
    expect(() => makeNextVersion(second, {}, AT_MS)).toThrowError(/not later/);
    expect(() => makeNextVersion(second, { id: first.id }, AT_MS + 9000)).toThrowError(/cannot change/);
  });

  it('refuse observables', () => {
    expect(() =>
      appendVersion(null, { type: 'ipv4-addr', id: 'ipv4-addr--x', value: '1.2.3.4' }),
    ).toThrowError(/no versions/);
  });
});
