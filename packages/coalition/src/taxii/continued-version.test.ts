import { describe, expect, it } from 'vitest';
import { signObject } from '../stix/signed-object.js';
import { makeNextVersion, revokeObject } from '../stix/version-chain.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import {
  ask,
  findKeys,
  makeCaller,
  makeIndicator,
  makeServer,
  PATH,
  post,
  refusalOf,
  SIGNER,
} from './taxii-server.test.support.js';

const labA = makeCaller('lab-a');
const labB = makeCaller('lab-b');
const AT = Date.UTC(2026, 10, 22);

describe('a version', () => {
  const first = signObject(makeIndicator('lab-a'), SIGNER);
  const second = signObject(makeNextVersion(first, { name: 'second' }, AT), SIGNER);
  const fork = signObject(makeNextVersion(first, { name: 'fork' }, AT + 1000), SIGNER);
  const end = signObject(revokeObject(second, AT + 2000), SIGNER);
  const after = signObject({ ...end, revoked: false, modified: '2026-12-01T00:00:00.000Z' }, SIGNER);

  it('goes on where the last one ended, or is refused', async () => {
    const { server } = makeServer({ findKeys });
    const take = (object: unknown, who = labA) => refusalOf(object, who, { server, store: null! });
    expect(await take(first)).toBeNull();
    expect(await take(second)).toBeNull();
    expect(await take(fork)).toContain('does not continue');
    const { extensions: _extensions, ...bare } = second;
    expect(await take({ ...bare, modified: '2026-11-22T00:00:00.500Z' })).toContain('not');
    expect(await take(end)).toBeNull();
    expect(await take(after)).toContain('revoked');
    expect(await take(first)).toBeNull();
    expect((await ask(server, labB, `${PATH}/objects/`)).body.objects).toEqual([end]);
    const cut = await ask(server, labA, `${PATH}/objects/${first.id}/`, { method: 'DELETE' });
    expect([cut.status, cut.body.description]).toEqual([403, expect.stringContaining('whole')]);
    expect(
      (await ask(server, labB, `${PATH}/objects/${first.id}/?match[version]=all`, { method: 'DELETE' }))
        .status,
    ).toBe(404);
    expect(
      (await ask(server, labA, `${PATH}/objects/${first.id}/?match[version]=all`, { method: 'DELETE' }))
        .status,
    ).toBe(200);
    expect((await ask(server, labB, `${PATH}/objects/${first.id}/`)).status).toBe(404);
  });

  it('may come in one request with the one before, and two requests at once cannot fork it', async () => {
    const { server } = makeServer({ findKeys });
    expect((await post(server, labA, [first, second, end])).success_count).toBe(3);
    const { server: other } = makeServer({ findKeys });
    await post(other, labA, [first]);
    const both = await Promise.all([post(other, labA, [second]), post(other, labA, [fork])]);
    expect(both.map(({ success_count }) => success_count).sort()).toEqual([0, 1]);
  });

  it('of software without chains comes in any order, until the object is revoked', async () => {
    const { server } = makeServer();
    const object = makeIndicator('lab-a');
    const at = (day: number, changes = {}) => ({
      ...object,
      modified: `2026-11-${day}T00:00:00.000Z`,
      ...changes,
    });
    expect(
      (await post(server, labA, [at(15), at(12), at(18, { revoked: true }), at(14)])).success_count,
    ).toBe(4);
    expect((await post(server, labA, [at(19)])).failures[0]!.message).toContain('revoked');
    const { created_by_ref: _maker, ...anonymous } = makeIndicator('lab-a');
    await post(server, labA, [anonymous]);
    const later = { ...anonymous, modified: '2026-11-20T00:00:00.000Z' };
    expect((await post(server, labB, [later])).failures[0]!.message).toContain('somebody else');
  });

  it('is the 257th and refused', async () => {
    const { server } = makeServer();
    const object = makeIndicator('lab-a');
    const versions = Array.from({ length: TAXII_LIMITS.versions + 1 }, (_, at) => ({
      ...object,
      modified: new Date(AT + at).toISOString(),
    }));
    expect((await post(server, labA, versions)).success_count).toBe(TAXII_LIMITS.versions);
  });
});
