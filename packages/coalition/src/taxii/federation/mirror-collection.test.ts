import { describe, expect, it } from 'vitest';
import { makeIepMarking } from '../../stix/marking/iep.js';
import { makeTlpMarking } from '../../stix/marking/tlp.js';
import { withoutSignature } from '../../stix/object-digest.js';
import { signObject } from '../../stix/signed-object.js';
import type { StixObject } from '../../stix/stix-object.js';
import { AT_MS, changeSigned, Hub, KEYS, KeptState, LABS, makeSigned, pull } from './hubs.test.support.js';
import type { MirrorSource, MirrorTarget } from './mirror-ends.js';

const [ada, bea] = LABS as [(typeof LABS)[0], (typeof LABS)[0]];

/** A source that gives whatever it is told to, in this order. */
function give(...objects: readonly StixObject[]): MirrorSource {
  return {
    async *read() {
      yield { objects, refused: [], checkpoint: { cursorUs: null, keys: [] } };
    },
    find: async (ids) => objects.filter(({ id }) => ids.includes(id)),
  };
}

const mirror = (source: MirrorSource, target: MirrorTarget, keys = KEYS, state = new KeptState()) =>
  pull(source, target, state, keys);

describe('what a mirror takes', () => {
  it('refuses what others say in the name of a lab, changed, unsigned or signed by themselves', async () => {
    const object = makeSigned(ada, 'green');
    const changed = { ...object, name: 'other' };
    const target = new Hub(1).target(false);
    const report = await mirror(
      give(changed, withoutSignature(makeSigned(ada, 'green')), signObject(makeSigned(ada, 'green'), bea)),
      target,
    );
    expect(report).toMatchObject({ added: 0, refused: 3 });
    expect(report.reasons.map(({ why }) => why)).toEqual([
      expect.stringMatching(/a signature of something else/),
      'not signed, though its maker signs',
      expect.stringMatching(/somebody who did not make it/),
    ]);
    expect(await mirror(give(object), target)).toMatchObject({ added: 1, refused: 0 });
  });

  it('takes the unsigned of those who have no keys, and nothing unsigned into a signed chain', async () => {
    const stranger = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0c99';
    const unsigned = { ...withoutSignature(makeSigned(ada, 'clear')), created_by_ref: stranger };
    const target = new Hub(1).target(false);
    expect(await mirror(give(unsigned), target)).toMatchObject({ added: 1 });
    const { created_by_ref: _, ...nobody } = withoutSignature(makeSigned(ada, 'clear'));
    const signed = signObject(nobody as StixObject, ada);
    const forged = { ...nobody, modified: new Date(AT_MS).toISOString(), revoked: true } as StixObject;
    expect(await mirror(give(signed, forged), target)).toMatchObject({ added: 1, refused: 1 });
  });

  it('waits for keys and markings, and takes what waited when they are there', async () => {
    const later = makeSigned(bea, 'amber');
    const iep = makeIepMarking(
      {
        policyId: 'a8e1b7c4-2b6e-4b53-9a0a-4a7a6f2f8a11',
        name: 'p',
        description: 'd',
        tlp: 'green',
        encryptInTransit: 'must',
        permittedActions: 'none',
        affectedPartyNotifications: 'must-not',
        providerAttribution: 'may',
        unmodifiedResale: 'must-not',
        startMs: AT_MS - 1000,
        endMs: null,
      },
      AT_MS - 1000,
    );
    const marked = makeSigned(ada, [iep.id]);
    const hub = new Hub(1);
    const state = new KeptState();
    const known = new Map([...KEYS].filter(([kid]) => kid !== bea.kid));
    const given = [later, marked];
    const source: MirrorSource = {
      async *read(since) {
        yield {
          objects: since === null ? given.slice(0, 2) : [],
          refused: [],
          checkpoint: { cursorUs: 1, keys: [] },
        };
      },
      find: async (ids) => given.filter(({ id }) => ids.includes(id)),
    };
    expect(await mirror(source, hub.target(false), known, state)).toMatchObject({
      added: 0,
      waiting: 2,
      refused: 0,
    });
    given.push(iep);
    expect(await mirror(source, hub.target(false), KEYS, state)).toMatchObject({
      added: 3,
      waiting: 0,
      refused: 0,
    });
    expect(await mirror(source, hub.target(false), KEYS, state)).toMatchObject({ added: 0, read: 0 });
  });

  it('leaves where it is what must not travel in clear, be seen in part, or name its maker', async () => {
    const policy = {
      policyId: 'a8e1b7c4-2b6e-4b53-9a0a-4a7a6f2f8a11',
      name: 'p',
      description: 'd',
      tlp: 'green',
      encryptInTransit: 'may',
      permittedActions: 'none',
      affectedPartyNotifications: 'must-not',
      providerAttribution: 'may',
      unmodifiedResale: 'must-not',
      startMs: AT_MS - 1000,
      endMs: null,
    } as const;
    const anonymous = makeIepMarking({ ...policy, providerAttribution: 'must-not' }, AT_MS);
    const over = makeIepMarking({ ...policy, endMs: AT_MS - 1 }, AT_MS);
    const strict = makeIepMarking({ ...policy, tlp: 'amber+strict' }, AT_MS);
    const partly = signObject(
      {
        ...withoutSignature(makeSigned(ada, 'green')),
        granular_markings: [{ marking_ref: makeTlpMarking('red').id, selectors: ['pattern'] }],
      } as StixObject,
      ada,
    );
    const objects = [anonymous, over, strict].map((marking) => makeSigned(ada, [marking.id]));
    const report = await mirror(give(anonymous, over, strict, ...objects, partly), new Hub(1).target(false));
    expect(report).toMatchObject({ added: 3, stayed: 4, refused: 0 });
  });

  it('tells both hubs of a lab that said two things at once, and neither goes on', async () => {
    const first = makeSigned(ada, 'green');
    const forks = [
      changeSigned(ada, first),
      signObject(
        {
          ...withoutSignature(changeSigned(ada, first)),
          name: 'other',
          modified: new Date(AT_MS).toISOString(),
        },
        ada,
      ),
    ];
    const hubs = [new Hub(1), new Hub(2)];
    for (const [at, hub] of hubs.entries()) await mirror(give(first, forks[at]!), hub.target(false));
    for (const [at, hub] of hubs.entries()) {
      const report = await pull(hubs[1 - at]!.connect(null), hub.target(false), new KeptState());
      expect(report).toMatchObject({ added: 0, present: 1, refused: 1 });
      expect(report.reasons[0]!.why).toMatch(/fork/);
    }
  });

  it('takes versions in any order, and none after a revocation', async () => {
    const versions = [makeSigned(ada, 'green')];
    for (let n = 0; n < 3; n++) versions.push(changeSigned(ada, versions.at(-1)!, n === 2));
    for (const order of [
      [3, 1, 0, 2],
      [2, 0, 3, 1],
      [0, 3, 2, 1],
    ]) {
      const target = new Hub(1).target(false);
      for (const at of order) expect(await mirror(give(versions[at]!), target)).toMatchObject({ added: 1 });
    }
    const target = new Hub(1).target(false);
    const { revoked: _, ...living } = withoutSignature(versions[3]!);
    const after = signObject({ ...living, modified: new Date(AT_MS).toISOString() } as StixObject, ada);
    expect(await mirror(give(versions[3]!, after), target)).toMatchObject({ added: 1, refused: 1 });
  });
});
