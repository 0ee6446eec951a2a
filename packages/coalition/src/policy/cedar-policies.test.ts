import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { askPolicies, loadPolicies, type PolicyQuestion } from './cedar-policies.js';
import { decideRelease } from './decide-release.js';
import { makeContext, makeDraft, makeLawfulObjects, POLICIES } from './sample-release.test.support.js';

const own = fileURLToPath(new URL('../../policies/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'phalanx-policies-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function withFile(name: string, text: string) {
  const copy = join(folder, `${count++}`);
  cpSync(own, copy, { recursive: true });
  writeFileSync(join(copy, name), text);
  return copy;
}

const use: PolicyQuestion = {
  action: 'use',
  principal: { type: 'Person', id: 'a', attributes: { roles: ['detection'] } },
  resource: {
    type: 'Received',
    id: 'b',
    attributes: { purpose: 'model-theft-defence', retainUntil: 5, retracted: false },
  },
  context: { now: 1, purpose: 'model-theft-defence' },
};

describe('policies', () => {
  it.each([
    ['no schema', 'schema.cedarschema', 'entity {'],
    [
      'an attribute that the schema has not',
      'x.cedar',
      '@id("x") permit (principal, action == Action::"release", resource is Release) when { resource.price > 3 };',
    ],
    [
      'another type',
      'x.cedar',
      '@id("x") permit (principal, action == Action::"release", resource is Release) when { resource.objects == "3" };',
    ],
    ['no id', 'x.cedar', 'permit (principal, action, resource);'],
    ['an id twice', 'x.cedar', '@id("release") permit (principal, action, resource);'],
    ['a template', 'x.cedar', '@id("x") permit (principal == ?principal, action, resource);'],
    ['no Cedar', 'x.cedar', 'allow all'],
  ])('with %s are not loaded', (_what, name, text) => {
    expect(() => loadPolicies(withFile(name, text))).toThrowError(
      expect.objectContaining({ code: 'COALITION_POLICY' }),
    );
  });

  it('of a lab may forbid more, under another digest', () => {
    const stricter = loadPolicies(
      withFile(
        'own.cedar',
        '@id("own-no-addresses") forbid (principal, action == Action::"release", resource is Release) when { resource.categories.contains("address-range") };',
      ),
    );
    expect(stricter.digest).not.toBe(POLICIES.digest);
    const draft = makeDraft(makeLawfulObjects());
    const decision = decideRelease(draft, makeContext(draft, { policies: stricter }));
    expect(decision.verdict).toBe('refused');
    expect(decision.reasons.map(({ code, detail }) => `${code} ${detail}`)).toContain(
      'policy-denies own-no-addresses',
    );
  });

  it('allow nothing where a fact is missing, of another type, or not in the schema', () => {
    expect(askPolicies(POLICIES, use).allowed).toBe(true);
    const wrong: PolicyQuestion[] = [
      { ...use, context: { now: 1 } },
      { ...use, context: { now: '1', purpose: 'model-theft-defence' } },
      { ...use, context: { ...use.context, more: true } },
      { ...use, principal: { ...use.principal, attributes: {} } },
      {
        ...use,
        resource: { ...use.resource, attributes: { ...use.resource.attributes, retainUntil: 'never' } },
      },
      { ...use, resource: { ...use.resource, type: 'Release' } },
      { ...use, action: 'sell' as never },
    ];
    for (const question of wrong) {
      const answer = askPolicies(POLICIES, question);
      expect([answer.allowed, answer.errors.length > 0]).toEqual([false, true]);
    }
    expect(askPolicies({ ...POLICIES, handle: 'gone' }, use).allowed).toBe(false);
  });
});
