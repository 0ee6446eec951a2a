import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modelSignerOf, signModel } from '@phalanx/weights';
import type { Checks } from './checks.js';
import type { Docket } from './weight-judge.js';
import { outcome, SHARD, type SigningParty, trustIn, writeModel } from './weight-signing-parties.js';

/** What may happen to a folder after it was signed. */
const CHANGES: Readonly<Record<string, (model: string) => void>> = {
  nothing: () => undefined,
  'a byte changed': (m) => {
    const bytes = readFileSync(join(m, 'weights.bin'));
    bytes[2_500]! ^= 1;
    writeFileSync(join(m, 'weights.bin'), bytes);
  },
  'a byte appended': (m) => writeFileSync(join(m, 'config.json'), '{} '),
  'a file emptied': (m) => writeFileSync(join(m, 'config.json'), ''),
  'a file cut': (m) =>
    writeFileSync(join(m, 'weights.bin'), readFileSync(join(m, 'weights.bin')).subarray(0, 2_000)),
  'an empty file added': (m) => writeFileSync(join(m, '__init__.py'), ''),
  'a hidden file added': (m) => writeFileSync(join(m, '.hidden'), 'x'),
  'a file added below': (m) => writeFileSync(join(m, 'sub/more'), 'x'),
  'a folder added': (m) => mkdirSync(join(m, 'nothing')),
  'git at the top': (m) => writeFileSync(join(m, '.gitignore'), '*'),
  'git below': (m) => writeFileSync(join(m, 'sub/.gitignore'), '*'),
  'a link added': (m) => symlinkSync('config.json', join(m, 'link')),
  'a link to outside': (m) => symlinkSync('/etc/hostname', join(m, 'link')),
  'a broken link': (m) => symlinkSync('absent', join(m, 'link')),
  'a link to its own folder': (m) => symlinkSync('.', join(m, 'sub/loop')),
};

/** Models that are no longer what was signed, or hold links: refused exactly where the reference refuses. */
export async function checkChangedModels(
  checks: Checks,
  docket: Docket,
  party: SigningParty,
  folder: string,
): Promise<void> {
  const { key, publicKey } = party.files;
  const trust = trustIn(party, 'key');
  const signer = modelSignerOf(party.key);
  let count = 0;
  for (const shards of [null, SHARD])
    for (const [what, change] of Object.entries(CHANGES)) {
      const model = join(folder, `changed-${count++}`);
      writeModel(model);
      const { signature } = await signModel(model, signer, { shardBytes: shards });
      change(model);
      const name = `${what}${shards === null ? '' : ' (ranges)'}`;
      const strict = await outcome(model, signature, trust);
      const lax = await outcome(model, signature, trust, { allowUnlisted: true });
      const job = { do: 'verify', model, publicKey, bundle: Buffer.from(signature).toString() } as const;
      const how = shards === null ? {} : { shards };
      docket.add({ ...job, ...how }, ({ ok, error = 'taken' }) =>
        checks.check(name, (strict === 'ok') === ok, () => `${strict}, the reference: ${error}`),
      );
      // The reference takes the names of ranges for names of files here, and refuses every model.
      if (shards !== null) continue;
      docket.add({ ...job, allowUnlisted: true }, ({ ok, error = 'taken' }) => {
        // It opens listed files alone and does not see a link; we look at all.
        const isSame = what.includes('link') ? lax !== 'ok' : (lax === 'ok') === ok;
        checks.check(`${name}, unlisted files allowed`, isSame, () => `${lax}, the reference: ${error}`);
      });
    }
  const model = join(folder, 'linked');
  writeModel(model);
  symlinkSync('../weights.bin', join(model, 'sub/again.bin'));
  const { signature } = await signModel(model, signer, { allowSymlinks: true });
  const bundle = Buffer.from(signature).toString();
  docket.add({ do: 'verify', model, bundle, publicKey, links: true }, ({ ok, error = '' }) =>
    checks.check('links allowed: ours before the reference', ok, () => error),
  );
  docket.add({ do: 'sign', model, key, links: true }, async (answer) => {
    const theirs = Buffer.from(answer.bundle ?? '');
    const found = await outcome(model, theirs, trust, { allowSymlinks: true });
    checks.equal("links allowed: the reference's before us", found, 'ok');
    checks.equal('links not allowed', await outcome(model, theirs, trust), 'WEIGHTS_FORMAT');
  });
}
