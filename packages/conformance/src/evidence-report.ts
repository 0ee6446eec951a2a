import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { statementSignerOf } from '@phalanx/attestation';
import { DAY_MS, utf8 } from '@phalanx/core';
import {
  makeSigningCertificate,
  renderDeclarationPdf,
  renderReportPdf,
  signPdf,
  writeCustodyGraph,
} from '@phalanx/evidence';
import { Random } from '@phalanx/stats';
import type { Checks } from './checks.js';
import { openOpensslAuthority } from './openssl-authority.js';
import { findCollisions, findOutside, readWords } from './page-layout.js';
import type { PythonSetup } from './python.js';
import { makeCaseFile } from './sample-case-file.js';
import type { Suite } from './suite.js';

const PACKAGES = ['case-utils==0.18.0'];
const ONTOLOGY = 'case-1.4.0';
const FLIPS = 40;
const A4 = { width: 595.28, height: 841.89, margin: 50 };
const MANIFEST = utf8(`${'ab'.repeat(32)}  data/case.json\n`);
const VALID = /Signature Validation: Signature is Valid\./;

const run = promisify(execFile);

/** Reports, declaration and custody of evidence, before readers of PDF and of CASE/UCO that others wrote. */
export const evidenceReport: Suite = {
  name: 'evidence-report',
  what: 'signed report before pdfsig, openssl, qpdf and pdfdetach, also altered; layout by pdftotext; custody by case_validate',
  async run(checks, { python }) {
    const folder = await mkdtemp(join(tmpdir(), 'phalanx-report-'));
    try {
      await checkPdf(checks, folder);
      await checkCustody(checks, python);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function checkPdf(checks: Checks, folder: string): Promise<void> {
  const missing = [];
  for (const tool of ['pdfsig', 'pdfdetach', 'pdftotext', 'qpdf', 'openssl'])
    if (!(await has(tool))) missing.push(tool);
  if (missing.length > 0) return checks.skip(`no ${missing.join(', ')}`);
  const file = makeCaseFile(700);
  const report = await renderReportPdf(file, MANIFEST);
  const declaration = await renderDeclarationPdf(
    file,
    file.custody.flatMap((step) => step.outputs),
  );
  const key = statementSignerOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  const certificate = await makeSigningCertificate(
    key,
    { subject: file.madeBy, notBeforeMs: Date.now() - DAY_MS, notAfterMs: Date.now() + 365 * DAY_MS },
    null,
  );
  const signing = {
    key,
    certificates: [certificate],
    signedAtMs: Date.now(),
    name: file.madeBy.person ?? '',
    reason: `${file.caseId} ) (\\`,
  };
  const signed = await signPdf(report, { ...signing, timestamp: null });
  const authority = await openOpensslAuthority(folder, 'tsa', 'ec');
  if (authority === null) return checks.skip('openssl does not run');
  const stamped = await signPdf(report, {
    ...signing,
    timestamp: async (message) => (await authority.stamp(message)).response,
  }).finally(() => authority.close());
  const pdfs = { report, declaration, signed, stamped };
  for (const [name, bytes] of Object.entries(pdfs)) {
    const path = join(folder, `${name}.pdf`);
    await writeFile(path, bytes);
    const checked = await attempt('qpdf', ['--check', path]);
    checks.check(
      `qpdf --check accepts ${name}`,
      checked.code === 0 && !/WARNING/.test(checked.out),
      () => checked.out,
    );
    if (name !== 'signed') await checkLayout(checks, name, path);
  }
  for (const name of ['signed', 'stamped'] as const) await checkSignature(checks, folder, name, pdfs[name]);
  for (const name of ['signed', 'stamped'] as const)
    await checkCms(checks, folder, certificate, name, pdfs[name]);
  await checkAttachment(checks, folder);
}

async function checkLayout(checks: Checks, name: string, path: string): Promise<void> {
  const { out } = await attempt('pdftotext', ['-bbox', path, '-']);
  const words = readWords(out);
  const pages = words.reduce((most, word) => Math.max(most, word.page), 0);
  checks.check(`${name} has words on its pages`, words.length > 500, () => String(words.length));
  const outside = findOutside(words, A4.margin, A4.width, A4.height);
  checks.check(`${name}: no word beyond the margins`, outside.length === 0, () => JSON.stringify(outside[0]));
  const collisions = findCollisions(words);
  checks.check(`${name}: no word over another`, collisions.length === 0, () => JSON.stringify(collisions[0]));
  const numbers = words.filter(
    (word, i) => words[i - 1]?.text === 'of' && word.text === String(pages) && word.top > 780,
  );
  checks.equal(`${name}: every page says which it is of how many`, String(numbers.length), String(pages));
  checks.note(`${name}: ${pages} pages, ${words.length} words`);
}

/** Valid as it is; not valid after any change, of which some are tried. */
async function checkSignature(
  checks: Checks,
  folder: string,
  name: string,
  signed: Uint8Array,
): Promise<void> {
  const path = join(folder, `${name}.pdf`);
  const { out } = await attempt('pdfsig', [path]);
  checks.check(`pdfsig finds ${name} valid`, VALID.test(out), () => out);
  checks.check(`pdfsig names the kind of ${name}`, /ETSI\.CAdES\.detached/.test(out), () => out);
  checks.check(`pdfsig finds ${name} signed as a whole`, /Total document signed/.test(out), () => out);
  const random = new Random(7);
  const hole = readHole(signed);
  const altered = join(folder, 'altered.pdf');
  let rejected = 0;
  for (let i = 0; i < FLIPS; i++) {
    const bytes = new Uint8Array(signed);
    // A place among the signed bytes; those of the signature itself are counted out.
    let at = Math.floor(random.uniform() * (bytes.length - (hole.end - hole.start)));
    if (at >= hole.start) at += hole.end - hole.start;
    bytes[at] = bytes[at]! ^ (1 << Math.floor(random.uniform() * 8));
    await writeFile(altered, bytes);
    if (!VALID.test((await attempt('pdfsig', [altered])).out)) rejected++;
  }
  checks.equal(
    `pdfsig rejects ${name} with one bit changed`,
    `${rejected} of ${FLIPS}`,
    `${FLIPS} of ${FLIPS}`,
  );
}

/** The signature itself, as a second program sees it: with its certificate bound to it, and the timestamp over it. */
async function checkCms(
  checks: Checks,
  folder: string,
  certificate: Uint8Array,
  name: string,
  signed: Uint8Array,
): Promise<void> {
  const hole = readHole(signed);
  const hex = Buffer.from(signed.subarray(hole.start + 1, hole.end - 1)).toString('latin1');
  const content = join(folder, 'content');
  const cms = join(folder, 'cms.der');
  const pem = join(folder, 'signer.pem');
  await writeFile(content, Buffer.concat([signed.subarray(0, hole.start), signed.subarray(hole.end)]));
  await writeFile(cms, trimDer(Buffer.from(hex, 'hex')));
  await writeFile(
    pem,
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(certificate).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  );
  const verify = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', cms, '-content', content];
  const trust = ['-CAfile', pem, '-purpose', 'any', '-out', '/dev/null'];
  const accepted = await attempt('openssl', [...verify, ...trust]);
  checks.check(`openssl cms -cades accepts ${name}`, accepted.code === 0, () => accepted.out);
  const parsed = await attempt('openssl', ['asn1parse', '-inform', 'DER', '-in', cms]);
  const token = /id-smime-aa-timeStampToken/.test(parsed.out);
  checks.equal(`${name} carries a timestamp token`, String(token), String(name === 'stamped'));
  // A token states times of its own.
  if (!token) checks.check(`${name} states no time of its own`, !/signingTime/.test(parsed.out));
  await writeFile(content, Buffer.concat([await readFile(content), Buffer.from(' ')]));
  const refused = await attempt('openssl', [...verify, ...trust]);
  checks.check(`openssl cms rejects ${name} over other bytes`, refused.code !== 0);
}

async function checkAttachment(checks: Checks, folder: string): Promise<void> {
  const path = join(folder, 'stamped.pdf');
  const list = await attempt('pdfdetach', ['-list', path]);
  checks.check('pdfdetach lists the manifest', /1: manifest-sha256\.txt/.test(list.out), () => list.out);
  const saved = join(folder, 'manifest');
  await attempt('pdfdetach', ['-save', '1', '-o', saved, path]);
  const bytes = await readFile(saved).catch(() => Buffer.alloc(0));
  checks.check('pdfdetach takes out the manifest unchanged', bytes.equals(MANIFEST));
}

async function checkCustody(checks: Checks, setup: PythonSetup): Promise<void> {
  const python = await setup.open(PACKAGES);
  if (typeof python === 'string') return checks.skip(python);
  const file = makeCaseFile(6);
  const graph = writeCustodyGraph(file);
  const broken = [
    graph.replace(/"@value": "[0-9a-f]{64}"/, '"@value": "no hash"'),
    graph.replace(/("uco-action:performer": )\{[^}]*\}/, '$1"somebody"'),
    graph.replace(/(T00:00:00)\.000Z"/, '$1 o’clock"'),
  ];
  const answers: { conforms: boolean; said: string; triples: number; results: string[][] }[] = JSON.parse(
    await python.run('validate-custody.py', [ONTOLOGY], JSON.stringify([graph, ...broken])),
  );
  const [good, ...bad] = answers;
  checks.check(`case_validate accepts the custody graph (${ONTOLOGY})`, good!.conforms, () => good!.said);
  for (const [i, answer] of bad.entries()) {
    checks.check(`graph ${i + 1} was altered`, broken[i] !== graph);
    checks.check(`case_validate rejects altered graph ${i + 1}`, !answer.conforms);
  }
  const expected = file.custody
    .flatMap((step) =>
      step.outputs.map(({ name, sha256 }) => [step.action, name.replace('\u202E', '\\u{202e}'), sha256]),
    )
    .sort((a, b) => (a.join() < b.join() ? -1 : 1));
  checks.equal(
    'rdflib finds every result with its hash',
    JSON.stringify(good!.results),
    JSON.stringify(expected),
  );
  checks.note(`custody: ${good!.triples} triples`);
}

/** Where the signature lies, angle brackets included. */
function readHole(signed: Uint8Array): { start: number; end: number } {
  const range = /\/ByteRange \[0 (\d+) (\d+) \d+\s*\]/.exec(Buffer.from(signed).toString('latin1'))!;
  return { start: Number(range[1]), end: Number(range[2]) };
}

/** DER without the zeros that fill the room for it: a definite length of two bytes, as such a signature has. */
function trimDer(padded: Buffer): Buffer {
  return padded.subarray(0, 4 + padded.readUInt16BE(2));
}

async function attempt(tool: string, args: readonly string[]): Promise<{ code: number; out: string }> {
  try {
    const { stdout, stderr } = await run(tool, args, { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 });
    return { code: 0, out: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, out: `${stdout ?? ''}${stderr ?? ''}` };
  }
}

async function has(tool: string): Promise<boolean> {
  return run(tool, ['--version']).then(
    () => true,
    (error: { code?: unknown }) => error.code !== 'ENOENT',
  );
}
