import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type SignerTrust, verifyModelSignature } from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Docket, SigningJob } from './weight-judge.js';
import { checkPublishedMutants } from './weight-signature-mutants.js';
import { outcome, outcomeOf } from './weight-signing-parties.js';

const IDENTITY = { subject: 'stefanb@us.ibm.com', issuer: 'https://sigstore.verify.ibm.com/oauth2' };
type Way = { publicKey: string } | { roots: string } | typeof IDENTITY;

/** What may happen to a published model. */
const CHANGES: Readonly<Record<string, (folder: string) => void | Promise<void>>> = {
  'as published': () => undefined,
  changed: (folder) => writeFileSync(join(folder, 'signme-1'), 'x', { flag: 'a' }),
  'a file more': (folder) => writeFileSync(join(folder, 'added'), 'x'),
  'a file less': (folder) => rmSync(join(folder, 'signme-2')),
  'a file renamed': (folder) => rename(join(folder, 'signme-2'), join(folder, 'signme-3')),
};

/**
 * The 13 bundles that releases of model_signing made, with their models, as they are and changed.
 *
 * @param trustedRoot of Sigstore's public instance; null when it is not at hand
 */
export async function checkPublishedBundles(
  checks: Checks,
  docket: Docket,
  { bundles, folder, trustedRoot }: { bundles: string; folder: string; trustedRoot: Uint8Array | null },
): Promise<void> {
  const keys = join(bundles, 'keys/certificate');
  const names = readdirSync(bundles).filter((name) => name.startsWith('v'));
  checks.equal('published bundles', String(names.length), '13');
  for (const name of names) {
    const kind = name.split('-').slice(1).join('-');
    const way: Way =
      kind === 'sigstore'
        ? IDENTITY
        : kind === 'certificate'
          ? { roots: join(keys, 'ca-cert.pem') }
          : { publicKey: join(keys, 'signing-key-pub.pem') };
    const trust = trustOf(way, trustedRoot);
    if (trust === null) continue;
    const bundle = readFileSync(join(bundles, name, 'model.sig'));
    // Two old ones sign one file of their folder.
    const isFile = verifyModelSignature(bundle, trust).manifest.resources[0]!.name === '.';
    for (const [what, change] of Object.entries(CHANGES)) {
      if (isFile && what.startsWith('a file')) continue;
      const copy = join(folder, `${name}-${what.replaceAll(' ', '-')}`);
      cpSync(join(bundles, name), copy, { recursive: true });
      rmSync(join(copy, 'model.sig'));
      await change(copy);
      const model = isFile ? join(copy, 'signme-1') : copy;
      const isGood = what === 'as published';
      const found = await outcome(model, bundle, trust, { ignorePaths: ['ignore-me'] });
      checks.equal(`${name}: ${what}`, found, isGood ? 'ok' : 'WEIGHTS_MISMATCH');
      const ignore = [join(copy, 'ignore-me')];
      docket.add({ do: 'verify', model, bundle: bundle.toString(), ignore, ...way }, ({ ok, error }) =>
        checks.check(`${name}: ${what}, the reference`, ok === isGood, () => error ?? 'taken'),
      );
    }
  }
  const mutated = ['v1.1.0-certificate', 'v1.1.0-sigstore'].map((name) => {
    const way: Way = name.endsWith('sigstore') ? IDENTITY : { roots: join(keys, 'ca-cert.pem') };
    return { name, way, trust: trustOf(way, trustedRoot) };
  });
  const judged = mutated.flatMap(({ name, way, trust }) => (trust === null ? [] : [{ name, way, trust }]));
  await checkPublishedMutants(checks, docket, { bundles, folder }, judged);
  if (trustedRoot === null) return;
  const keyless = readFileSync(join(bundles, 'v1.1.0-sigstore/model.sig'));
  for (const other of [
    { ...IDENTITY, subject: 'somebody@us.ibm.com' },
    { ...IDENTITY, issuer: 'https://accounts.google.com' },
  ]) {
    const found = outcomeOf(() => verifyModelSignature(keyless, { ...other, trustedRoot }));
    checks.equal(`keyless as ${other.subject} by ${other.issuer}`, found, 'ATTESTATION_SIGNATURE');
  }
}

/** Roots that Sigstore's own tests publish: of another instance, and with a log whose key was good earlier. Each is refused for what it lacks. */
export function checkOtherRoots(checks: Checks, vectors: string): void {
  const keyless = readFileSync(join(vectors, 'oms/bundles/v1.1.0-sigstore/model.sig'));
  const folder = join(vectors, 'sigstore-conformance/test/assets/bundle-verify');
  for (const [name, why] of [
    ['rekor2-dsse-happy-path', 'its log is not trusted'],
    ['trust-root-tlog-validity-end-inclusive', 'was not valid at that time'],
  ] as const) {
    const trustedRoot = readFileSync(join(folder, name, 'trusted_root.json'));
    let found = 'taken';
    try {
      verifyModelSignature(keyless, { ...IDENTITY, trustedRoot });
    } catch (error) {
      found = (error as Error).message;
    }
    checks.check(`keyless before the root of ${name}`, found.includes(why), () => found);
  }
}

/** The examples of the specification: three that hold, five that do not. */
export function checkSpecificationVectors(
  checks: Checks,
  docket: Docket,
  { oms, trustedRoot }: { oms: string; trustedRoot: Uint8Array | null },
): void {
  const folder = join(oms, 'spec/test-vectors/v1.0');
  const keys = join(oms, 'bundles/keys/certificate');
  const model = join(oms, 'bundles/v1.1.0-elliptic-key');
  const ignore = [join(model, 'ignore-me'), join(model, 'model.sig')];
  let seen = 0;
  for (const part of ['valid', 'invalid', 'invalid-payload'])
    for (const name of readdirSync(join(folder, part))) {
      seen++;
      const bundle = readFileSync(join(folder, part, name));
      const way: Way = name.startsWith('certificate')
        ? { roots: join(keys, 'ca-cert.pem') }
        : name.startsWith('sigstore') || name.includes('tlog')
          ? IDENTITY
          : { publicKey: join(keys, 'signing-key-pub.pem') };
      const trust = trustOf(way, trustedRoot);
      if (trust === null) continue;
      const isGood = part === 'valid';
      const found = outcomeOf(() => verifyModelSignature(bundle, trust));
      checks.check(`${part}/${name}`, (found === 'ok') === isGood, () => found);
      const job: SigningJob = { do: 'verify', model, ignore, bundle: bundle.toString(), ...way };
      docket.add(job, ({ ok, error = 'taken' }) => {
        // The reference judges signature and files at once; the files of two of these are not published.
        const isTaken = ok || error.includes('Signature mismatch: ');
        checks.check(`${part}/${name}, the reference`, isTaken === isGood, () => error);
      });
    }
  checks.equal('vectors of the specification', String(seen), '8');
}

function trustOf(way: Way, trustedRoot: Uint8Array | null): SignerTrust | null {
  if ('subject' in way) return trustedRoot === null ? null : { ...way, trustedRoot };
  return 'roots' in way ? { roots: readFileSync(way.roots) } : { publicKey: readFileSync(way.publicKey) };
}
