import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { JointLab, linkStatementSchema, openStatement } from '@phalanx/coalition/joint';
import { canonicalValue, declareSet, matchingInput, type ValueClass } from '@phalanx/coalition/matching';
import { fromBase64 } from '@phalanx/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LABS, TestCoalition } from './test-coalition.test.support.js';

let coalition: TestCoalition;
beforeAll(async () => {
  coalition = await new TestCoalition().open();
});
afterAll(() => coalition.close());

it('a round of joint finding over TLS: values that three labs hold come back to each, and it names its own label', async () => {
  const { group } = await coalition.makeKey().then(() => coalition.client(LABS[0]).key());
  const accounts = Array.from({ length: 8 }, (_, i) => `account-${i}`);
  const rounds = await Promise.all(
    LABS.map(async (name, i) => {
      const client = coalition.client(name);
      const { place, threshold } = await client.terms();
      const terms = { epoch: group.epoch, threshold, entries: 16, alpha: 0.01 };
      const filling = Array.from({ length: terms.entries }, () => new Uint8Array(randomBytes(16)));
      const inputs = filling.map((value) => matchingInput('device', group.epoch, value));
      await client.declare(declareSet(new Uint8Array(randomBytes(32)), group.epoch, inputs));
      const keys = generateKeyPairSync('ed25519');
      const lab = new JointLab(place, terms, keys.privateKey);
      const value = (text: string) => ({
        valueClass: 'ip' as const,
        value: canonicalValue('ip', text),
        detail: new Uint8Array(0),
        accounts: new Set(accounts),
      });
      const input = {
        day: 20_779,
        pools: [{ number: 0, proposedAtMs: 0, accounts, setAside: null, isDemandDoubted: false, trace: [] }],
        fleets: [],
        held: [value('198.51.100.0'), value('192.0.2.0'), value(`203.0.113.${i}`)],
        population: 400,
      };
      await client.submit(await lab.seal(input, (points) => client.evaluate(points)));
      return { client, lab, place, publicKey: keys.publicKey };
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 1100));
  for (const { client, lab, place, publicKey } of rounds) {
    const { shared } = await client.revealed();
    expect(shared).toHaveLength(2);
    const tags = shared.flatMap(({ valueClass, value }) => {
      const tag = lab.tagOf({ valueClass: valueClass as ValueClass, value: fromBase64(value) });
      return tag === null ? [] : [tag];
    });
    const said = openStatement(linkStatementSchema, lab.stateLinks(20_779, tags), (of) =>
      of === place ? publicKey : undefined,
    );
    expect(said.links).toHaveLength(2);
    expect(new Set(said.links.flatMap(({ labels }) => labels)).size).toBe(1);
  }
});
