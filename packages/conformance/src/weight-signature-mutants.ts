import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { modelSignerOf, type SignerTrust, signModel, signStatement } from '@phalanx/weights';
import type { Checks } from './checks.js';
import { mutateBundle, mutateStatement } from './weight-bundle-mutants.js';
import type { Docket, SigningJob } from './weight-judge.js';
import { outcome, SHARD, type SigningParty, trustIn } from './weight-signing-parties.js';

/** How a kind of mutants is judged by both. */
interface Court {
  readonly name: string;
  readonly model: string;
  readonly trust: SignerTrust;
  /** The same trust as the judge is told. */
  readonly way: { publicKey: string } | { roots: string } | { subject: string; issuer: string };
  readonly shards?: number;
}

/**
 * Bundles that nobody signed, and statements that the right key signed but should not have: none is taken that the reference refuses.
 * What was made of them is noted once the reference has answered.
 */
export async function checkMutants(
  checks: Checks,
  docket: Docket,
  model: string,
  party: SigningParty,
): Promise<void> {
  const signer = modelSignerOf(party.key);
  const way = { publicKey: party.files.publicKey };
  for (const shards of [null, SHARD]) {
    const { manifest, signature } = await signModel(model, signer, { shardBytes: shards });
    const method = shards === null ? 'files' : 'ranges';
    const court = { model, trust: trustIn(party, 'key'), way, ...(shards !== null && { shards }) };
    const altered = mutateBundle(Buffer.from(signature).toString(), 17);
    await judge(checks, docket, { ...court, name: `${method}, bundles altered` }, altered);
    const signed: [string, string][] = [];
    for (const [what, statement] of mutateStatement(manifest)) {
      const bundle = await signStatement(Buffer.from(statement), signer);
      signed.push([what, Buffer.from(bundle).toString()]);
    }
    await judge(checks, docket, { ...court, name: `${method}, statements signed amiss` }, signed);
  }
  checks.check('nothing was written beside the model', !existsSync(join(model, '../escaped')));
}

/** The same for published bundles under certificates and by way of Sigstore. */
export async function checkPublishedMutants(
  checks: Checks,
  docket: Docket,
  { bundles, folder }: { bundles: string; folder: string },
  cases: readonly { readonly name: string; readonly trust: SignerTrust; readonly way: Court['way'] }[],
): Promise<void> {
  for (const { name, trust, way } of cases) {
    const model = join(folder, `mutants-of-${name}`);
    cpSync(join(bundles, name), model, { recursive: true });
    for (const file of ['model.sig', 'ignore-me']) rmSync(join(model, file));
    const bundle = readFileSync(join(bundles, name, 'model.sig'), 'utf8');
    await judge(checks, docket, { name: `${name} altered`, model, trust, way }, mutateBundle(bundle, 29));
  }
}

async function judge(
  checks: Checks,
  docket: Docket,
  { name, model, trust, way, shards }: Court,
  mutants: readonly (readonly [what: string, bundle: string])[],
): Promise<void> {
  let [heard, both, neither] = [0, 0, 0];
  const stricter: string[] = [];
  for (const [what, bundle] of mutants) {
    const found = await outcome(model, Buffer.from(bundle), trust);
    const isOurs = found === 'ok';
    checks.check(`${what}: an answer`, /^(?:ok|(?:WEIGHTS|ATTESTATION)_[A-Z_]+)$/.test(found), () => found);
    const job = {
      do: 'verify',
      model,
      bundle,
      ...way,
      ...(shards !== undefined && { shards }),
    } as SigningJob;
    docket.add(job, ({ ok, error = '' }) => {
      checks.check(`${name}, ${what}: no laxer than the reference`, !isOurs || ok, () => error);
      if (!ok) neither++;
      else if (isOurs) both++;
      else stricter.push(what);
      if (++heard === mutants.length)
        checks.note(
          `${name}: both take ${both}, both refuse ${neither}, we alone refuse ${stricter.length}: ${stricter.join(', ')}`,
        );
    });
  }
}
