import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePublicKey, readCertificates } from '@phalanx/attestation';
import { fromBase64, listen } from '@phalanx/core';
import { verifyEvidence } from '@phalanx/evidence';
import { LogReader, makeLogHandler } from '@phalanx/ledger';
import { checkFlips, passesSha256sum } from './bundle-flips.js';
import { type BundleLaboratory, openBundleLaboratory, runProgram } from './bundle-laboratory.js';
import { type BundleVerifiers, makeBundleVerifiers, readVerdict } from './bundle-verifiers.js';
import type { Checks } from './checks.js';
import { checkErased, checkGuesses, checkSearchFinds, learnAccount } from './erased-account.js';
import { buildGoPrograms } from './go-programs.js';
import { openOpensslAuthority } from './openssl-authority.js';
import { installSigstoreJs } from './sigstore-verifiers.js';
import type { Suite } from './suite.js';
import { askSumdb, checkAnswer } from './sumdb-judge.js';

const SAMPLE = 20;
const PROOFS = 200;

/** From logs to a bundle by the `phalanx` command, then before programs that others wrote, with bits flipped, and after an erasure. */
export const evidenceBundle: Suite = {
  name: 'evidence-bundle',
  what: 'bundles of a real finding before sha256sum, openssl, pdfsig, age, @sigstore/verify, Go’s sumdb and verify.py without network; bits flipped; an account erased',
  async run(checks, { root }) {
    const missing = ['openssl', 'python3', 'sha256sum', 'age', 'age-keygen'].filter((tool) => !has(tool));
    if (!existsSync(join(root, 'packages/cli/dist/main.js'))) missing.push('a built phalanx command');
    if (missing.length > 0) return checks.skip(`no ${missing.join(', ')}`);
    const folder = mkdtempSync(join(tmpdir(), 'phalanx-bundle-'));
    const authority = await openOpensslAuthority(folder, 'tsa');
    try {
      const lab = await openBundleLaboratory(root, folder, authority!);
      await checkBundles(checks, lab);
    } finally {
      await authority!.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function checkBundles(checks: Checks, lab: BundleLaboratory): Promise<void> {
  const { folder } = lab;
  const identityFile = join(folder, 'expert.txt');
  await runProgram('age-keygen', ['-o', identityFile]);
  const recipient = (await runProgram('age-keygen', ['-y', identityFile])).stdout.trim();
  const metadata = await exportBundle(checks, lab, 'metadata', '--names');
  const text = await exportBundle(checks, lab, 'text', '--recipient', recipient);
  const aggregates = await exportBundle(checks, lab, 'aggregates', '--recipient', recipient);
  const script = join(folder, 'verify.py');
  cpSync(join(text, 'verify.py'), script);
  const verifiers = makeBundleVerifiers(lab, script, identityFile);
  for (const bundle of [metadata, text, aggregates])
    await checkByBoth(checks, lab, bundle, verifiers, identityFile);
  await judge(checks, lab, text, identityFile);
  await checkFlips(checks, text, verifiers);
  await checkReplay(checks, lab);
  await checkErasure(checks, lab, metadata, [metadata, text], verifiers);
}

async function exportBundle(
  checks: Checks,
  lab: BundleLaboratory,
  level: string,
  ...more: string[]
): Promise<string> {
  const to = join(lab.folder, `bundle-${level}`);
  const about = ['--case', '2026-17', '--organisation', 'Example Models, Inc.', '--sample', String(SAMPLE)];
  const { code, stderr } = await lab.run(
    'evidence',
    'export',
    lab.findingId,
    '--to',
    to,
    '--disclose',
    level,
    ...about,
    ...more,
  );
  checks.check(`evidence export --disclose ${level}`, code === 0, () => stderr);
  return to;
}

/** The command, and the program in the bundle without network. */
async function checkByBoth(
  checks: Checks,
  { run, policyFile, statementKeyFile, tsaFile }: BundleLaboratory,
  bundle: string,
  verifiers: BundleVerifiers,
  identityFile: string,
): Promise<void> {
  const anchors = [
    '--policy',
    policyFile,
    '--statement-key',
    statementKeyFile,
    '--tsa-certificates',
    tsaFile,
  ];
  const own = await run('evidence', 'verify', bundle, ...anchors, '--identity', identityFile, '--json');
  const { verified, anchored, links } = JSON.parse(own.stdout);
  const told = (): string => JSON.stringify(links);
  checks.check(`${nameOf(bundle)}: phalanx evidence verify`, own.code === 0 && verified && anchored, told);
  const alone = ['unshare', '-rn'];
  if (spawnSync('unshare', ['-rn', 'true']).status !== 0)
    checks.skip('no network namespace for verify.py (unshare -rn)');
  else {
    const reaches = await runProgram('unshare', ['-rn', 'python3', '-c', REACH]);
    checks.check('there is no network in the namespace', reaches.code !== 0);
    const ended = await verifiers.runScript(bundle, alone);
    checks.check(
      `${nameOf(bundle)}: its verify.py without network`,
      readVerdict(ended) === null,
      () => ended.stdout,
    );
  }
}

const REACH = 'import socket; socket.create_connection(("127.0.0.1", 9), 1)';

/** Programs that none of us wrote. */
async function judge(
  checks: Checks,
  lab: BundleLaboratory,
  bundle: string,
  identityFile: string,
): Promise<void> {
  const { folder, tsaFile, statementKeyFile } = lab;
  const at = (path: string): string => join(bundle, path);
  checks.check('sha256sum -c', await passesSha256sum(bundle));
  const { signatures } = JSON.parse(readFileSync(at('data/statements/claims.dsse.json'), 'utf8'));
  writeFileSync(join(folder, 'signature'), fromBase64(signatures[0].sig));
  for (const [stamp, data] of [
    ['data/timestamps/checkpoint.tsr', at('data/proofs/checkpoint')],
    ['data/timestamps/claims.tsr', join(folder, 'signature')],
  ] as const) {
    const ended = await runProgram('openssl', [
      'ts',
      '-verify',
      '-in',
      at(stamp),
      '-data',
      data,
      '-CAfile',
      tsaFile,
    ]);
    checks.check(`openssl ts -verify ${stamp}`, ended.code === 0, () => ended.stderr);
  }
  if (has('pdfsig')) {
    const { stdout } = await runProgram('pdfsig', [at('data/report.pdf')]);
    checks.check('pdfsig', /Signature Validation: Signature is Valid\./.test(stdout), () => stdout);
  } else checks.skip('no pdfsig');
  const { stdout: lines } = await runProgram('age', [
    '-d',
    '-i',
    identityFile,
    at('data/record/text-0001.jsonl.age'),
  ]);
  const indices = lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).index);
  checks.equal('age -d gives the text of the sample', String(indices.length), String(SAMPLE));
  const newer = await installSigstoreJs(folder);
  if (typeof newer === 'string') checks.skip(newer);
  else {
    const pem = readFileSync(statementKeyFile, 'utf8').replace(/-----.*-----|\s/g, '');
    const publicKey = fromBase64(pem);
    parsePublicKey(publicKey);
    const [answer] = newer.ask([
      {
        bundle: readFileSync(at('data/statements/claims.sigstore.json')),
        trustedRoot: readFileSync(at('data/trust/trusted_root.json')),
        publicKey,
      },
    ]);
    checks.check(`${newer.name}: claims.sigstore.json`, answer === null, () => String(answer));
  }
  checks.check(
    'certificates of the authority are in the bundle',
    readCertificates(readFileSync(at('data/trust/tsa.pem'))).length === 2,
  );
  await judgeLog(checks, lab, 'log with the bundles', [bundle]);
}

/** Go's checksum database reads the whole log, and finds the checkpoints of bundles in it. */
async function judgeLog(
  checks: Checks,
  { folder, dataDir, verifierKey }: BundleLaboratory,
  what: string,
  bundles: readonly string[],
): Promise<void> {
  const missing = existsSync(join(folder, 'sumdb')) ? null : await buildGoPrograms('sumdb', ['.'], folder);
  if (missing !== null) return checks.skip(missing);
  const reader = new LogReader(join(dataDir, 'ledger/log'));
  const served = await listen(makeLogHandler(reader), { host: '127.0.0.1', port: 0 });
  try {
    const checkpoints = bundles.map((bundle) => readFileSync(join(bundle, 'data/proofs/checkpoint'), 'utf8'));
    const [answer] = await askSumdb(join(folder, 'sumdb'), [
      { url: served.url, key: verifierKey, proofs: PROOFS, seed: 1, checkpoints },
    ]);
    checkAnswer(checks, `sumdb: ${what}`, answer!, {});
    checks.check(`sumdb: ${what} was read`, answer!.size > 0);
  } finally {
    await served.close();
    reader.close();
  }
}

/** A store made again from the log, with what is known of customers, which is not logged, gives the same findings. */
async function checkReplay(checks: Checks, lab: BundleLaboratory): Promise<void> {
  const copy = join(lab.folder, 'replayed');
  cpSync(lab.dataDir, copy, { recursive: true, filter: (path) => path !== join(lab.dataDir, 'telemetry') });
  const { stdout } = await lab.run('ledger', 'replay', '--data', copy, '--json');
  checks.equal('ledger replay: exchanges', String(JSON.parse(stdout).exchanges), String(lab.exchanges));
  writeFileSync(join(lab.folder, 'none.jsonl'), '');
  await lab.run(
    'ingest',
    'none.jsonl',
    '--format',
    'litellm',
    '--accounts',
    'logs/accounts.jsonl',
    '--data',
    copy,
  );
  const again = await lab.run('detect', '--json', '--data', copy);
  const { findings } = JSON.parse(again.stdout);
  checks.equal('detect after replay finds the same', JSON.stringify(findings), JSON.stringify(lab.findings));
  rmSync(copy, { recursive: true });
}

async function checkErasure(
  checks: Checks,
  lab: BundleLaboratory,
  named: string,
  before: readonly string[],
  verifiers: BundleVerifiers,
): Promise<void> {
  const known = await learnAccount(lab, named);
  checkSearchFinds(checks, lab.dataDir, known);
  const erased = await lab.run(
    'ledger',
    'erase',
    known.accountId,
    '--legal-basis',
    'Art. 17 GDPR',
    '--by',
    'dpo',
  );
  checks.check('ledger erase', erased.code === 0, () => erased.stderr);
  checkErased(checks, lab.dataDir, known);
  checkGuesses(checks, known);
  for (const bundle of before) {
    const { own, script } = await verifiers.ask(bundle, true);
    checks.check(`${nameOf(bundle)} from before the erasure still holds`, own === null && script === null);
  }
  const { code, stdout } = await lab.run(
    'ledger',
    'fsck',
    join(lab.dataDir, 'ledger/log'),
    '--key',
    lab.verifierKey,
  );
  checks.check('fsck finds the log whole', code === 0, () => stdout);
  await judgeLog(checks, lab, 'log after the erasure', before);
  rmSync(join(lab.folder, 'bundle-existence'), { recursive: true, force: true });
  const after = await exportBundle(checks, lab, 'existence');
  const { claims } = await verifyEvidence(after);
  checks.equal(
    'accounts in a bundle made after it',
    String(claims?.accounts),
    String(lab.members.length - 1),
  );
  const { findings } = JSON.parse((await lab.run('detect', '--json')).stdout);
  const isInStore = JSON.stringify(findings).includes(known.accountId);
  checks.note(`the store still has the erased account before it is made again: ${isInStore ? 'yes' : 'no'}`);
  const copy = join(lab.folder, 'after');
  cpSync(lab.dataDir, copy, { recursive: true, filter: (path) => path !== join(lab.dataDir, 'telemetry') });
  const replayed = JSON.parse((await lab.run('ledger', 'replay', '--data', copy, '--json')).stdout);
  checks.check(
    'replay leaves the erased account out',
    replayed.erased > 0 && replayed.exchanges + replayed.erased === lab.exchanges,
    () => JSON.stringify(replayed),
  );
}

function nameOf(bundle: string): string {
  return bundle.split('/').at(-1)!;
}

function has(tool: string): boolean {
  return spawnSync(tool, ['--version']).error === undefined;
}
