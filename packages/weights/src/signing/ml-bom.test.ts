import { afterAll, expect, it } from 'vitest';
import { formatMlBom } from './ml-bom.js';
import { signModel } from './sign-model.js';
import { makeModel, makeSigner, removeModels } from './signed-model.test.support.js';

afterAll(removeModels);

it('names the model, its files and its parents', async () => {
  const { manifest } = await signModel(makeModel({ a: '1', 'b/c': '2' }), makeSigner().signer);
  const settings = {
    timeMs: 0,
    serial: '00000000-0000-4000-8000-000000000000',
    parents: [{ root: 'a'.repeat(64) }],
  };
  const bom = JSON.parse(Buffer.from(formatMlBom(manifest, settings)).toString());
  expect([bom.bomFormat, bom.specVersion, bom.metadata.timestamp]).toEqual([
    'CycloneDX',
    '1.6',
    '1970-01-01T00:00:00.000Z',
  ]);
  const { component } = bom.metadata;
  expect(component.type).toBe('machine-learning-model');
  expect(component.properties).toEqual([{ name: 'phalanx:oms-root-sha256', value: manifest.root }]);
  expect(component.components.map((file: { name: string }) => file.name)).toEqual(['a', 'b/c']);
  expect(component.components[0].hashes[0]).toEqual({
    alg: 'SHA-256',
    content: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
  });
  expect(component.pedigree.ancestors[0].properties[0].value).toBe('a'.repeat(64));
});
