import { buffer } from 'node:stream/consumers';
import {
  CONTENT_HASHES,
  formatMlBom,
  modelSignerOf,
  openBytesSource,
  openWeightSource,
  signModel,
  writeSafetensors,
} from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Docket } from './weight-judge.js';
import { SHARD, type SigningParty } from './weight-signing-parties.js';

/** Bills of materials before the published schema of CycloneDX. */
export async function checkBills(
  checks: Checks,
  docket: Docket,
  model: string,
  party: SigningParty,
): Promise<void> {
  const numbers = new Uint8Array(new Float32Array(4).buffer);
  const tensor = { name: 'w', format: 'F32', shape: [2, 2], chunks: () => [numbers] };
  const weights = await openWeightSource(openBytesSource(await buffer(writeSafetensors([tensor]))));
  for (const hash of CONTENT_HASHES)
    for (const shardBytes of hash === 'blake3' ? [null] : [null, SHARD]) {
      const { manifest } = await signModel(model, modelSignerOf(party.key), { hash, shardBytes });
      const parents = [{ name: 'base', root: 'a'.repeat(64) }, { root: 'b'.repeat(64) }];
      const serial = '3e671687-395b-41f5-a30f-a58921a69b79';
      const settings = { timeMs: Date.UTC(2026, 0), serial, version: '1.0', parents, weights };
      const bom = Buffer.from(formatMlBom(manifest, settings)).toString();
      docket.add({ do: 'bom', bom }, ({ ok, error = '' }) =>
        checks.check(`CycloneDX 1.6, ${hash}`, ok, () => error),
      );
      docket.add({ do: 'bom', bom: bom.replace('"machine-learning-model"', '"machine"') }, ({ ok }) =>
        checks.check(`CycloneDX 1.6, ${hash}: the judge refuses what is none`, !ok),
      );
    }
}
