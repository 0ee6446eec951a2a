import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { modelSignerOf, signModel, signStatement } from '@phalanx/weights';
import type { Checks } from './checks.js';
import { mutateBundle, mutateStatement } from './weight-bundle-mutants.js';
import type { Docket } from './weight-judge.js';
import { outcome, SHARD, type SigningParty, trustIn } from './weight-signing-parties.js';

/** What was made of one kind of mutants; filled once the reference has answered. */
interface Tally {
  readonly name: string;
  both: number;
  neither: number;
  readonly stricter: string[];
}

/**
 * Bundles that nobody signed, and statements that the right key signed but should not have: none is taken that the reference refuses.
 *
 * @returns prints the tallies
 */
export async function checkMutants(
  checks: Checks,
  docket: Docket,
  model: string,
  party: SigningParty,
): Promise<() => void> {
  const signer = modelSignerOf(party.key);
  const trust = trustIn(party, 'key');
  const tallies: Tally[] = [];
  const judge = async (
    name: string,
    shards: number | null,
    mutants: readonly (readonly [string, string])[],
  ) => {
    const tally: Tally = { name, both: 0, neither: 0, stricter: [] };
    tallies.push(tally);
    for (const [what, bundle] of mutants) {
      const found = await outcome(model, Buffer.from(bundle), trust);
      const isOurs = found === 'ok';
      checks.check(`${what}: an answer`, /^(?:ok|(?:WEIGHTS|ATTESTATION)_[A-Z]+)$/.test(found), () => found);
      const how = { model, ...(shards !== null && { shards }) };
      docket.add({ do: 'verify', bundle, publicKey: party.files.publicKey, ...how }, ({ ok, error = '' }) => {
        checks.check(`${name}, ${what}: no laxer than the reference`, !isOurs || ok, () => error);
        if (!ok) tally.neither++;
        else if (isOurs) tally.both++;
        else tally.stricter.push(what);
      });
    }
  };
  for (const shards of [null, SHARD]) {
    const { manifest, signature } = await signModel(model, signer, { shardBytes: shards });
    const method = shards === null ? 'files' : 'ranges';
    await judge(`${method}, bundles altered`, shards, mutateBundle(Buffer.from(signature).toString()));
    const signed: [string, string][] = [];
    for (const [what, statement] of mutateStatement(manifest)) {
      const bundle = await signStatement(Buffer.from(statement), signer);
      signed.push([what, Buffer.from(bundle).toString()]);
    }
    await judge(`${method}, statements signed amiss`, shards, signed);
  }
  checks.check('nothing was written beside the model', !existsSync(join(model, '../escaped')));
  return () => {
    for (const { name, both, neither, stricter } of tallies)
      checks.note(
        `${name}: both take ${both}, both refuse ${neither}, we alone refuse ${stricter.length === 0 ? 'none' : stricter.join(', ')}`,
      );
  };
}
