import { join } from 'node:path';
import { CONTENT_HASHES, modelSignerOf, signModel } from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Docket } from './weight-judge.js';
import { outcome, SHARD, type SigningParty, trustIn } from './weight-signing-parties.js';

/**
 * Every curve, signer, hash and method: ours before us and the reference, and the reference's before us.
 *
 * @param schemas folder of the specification's schemas; null when they are not there
 */
export async function checkBothWays(
  checks: Checks,
  docket: Docket,
  model: string,
  parties: readonly SigningParty[],
  schemas: string | null,
): Promise<void> {
  let combinations = 0;
  for (const party of parties)
    for (const way of ['key', 'certificate'] as const)
      for (const hash of CONTENT_HASHES)
        for (const shards of hash === 'blake3' ? [null] : [null, SHARD]) {
          const name = `${party.name} ${way} ${hash} ${shards === null ? 'files' : 'ranges'}`;
          const how = { model, hash, ...(shards !== null && { shards }) };
          await checkOne(checks, docket, { party, way, name, schemas }, how);
          combinations++;
        }
  const single = { party: parties[0]!, way: 'key', name: 'one file', schemas } as const;
  await checkOne(checks, docket, single, { model: join(model, 'weights.bin') });
  checks.note(`${combinations} combinations of curve, signer, hash and method`);
}

interface Case {
  readonly party: SigningParty;
  readonly way: 'key' | 'certificate';
  readonly name: string;
  readonly schemas: string | null;
}

async function checkOne(
  checks: Checks,
  docket: Docket,
  { party, way, name, schemas }: Case,
  how: { readonly model: string; readonly hash?: (typeof CONTENT_HASHES)[number]; readonly shards?: number },
): Promise<void> {
  const { key, publicKey, certificate, chain, roots } = party.files;
  const trust = trustIn(party, way);
  const signer = modelSignerOf(party.key, way === 'key' ? [] : party.chain);
  const { signature } = await signModel(how.model, signer, {
    hash: how.hash ?? 'sha256',
    shardBytes: how.shards ?? null,
  });
  const bundle = Buffer.from(signature).toString();
  checks.equal(`${name}: ours before us`, await outcome(how.model, signature, trust), 'ok');
  const trusted = way === 'key' ? { publicKey } : { roots };
  docket.add({ do: 'verify', bundle, ...how, ...trusted }, ({ ok, error = '' }) =>
    checks.check(`${name}: ours before the reference`, ok, () => error),
  );
  // For ranges the reference asks for a name of the algorithm that the specification's schema does not have.
  if (schemas !== null && how.shards === undefined)
    docket.add({ do: 'schemas', schemas, bundle }, ({ ok, error = '' }) =>
      checks.check(`${name}: the specification's schemas`, ok, () => error),
    );
  const certified = way === 'certificate' ? { certificate, chain } : {};
  docket.add({ do: 'sign', key, ...how, ...certified }, async (answer) => {
    const theirs = Buffer.from(answer.bundle ?? '');
    checks.equal(`${name}: the reference's before us`, await outcome(how.model, theirs, trust), 'ok');
  });
}
