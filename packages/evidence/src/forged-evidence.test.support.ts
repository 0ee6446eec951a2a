import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  formatEnvelope,
  formatStatement,
  makeStatementLeaf,
  parseEnvelope,
  parseStatement,
  STATEMENT_TYPE,
  signEnvelope,
} from '@phalanx/attestation';
import { canonicalJson, fromBase64, type Json, toBase64, toHex, utf8 } from '@phalanx/core';
import type { DetectionReport } from '@phalanx/domain';
import { type Checkpoint, formatTlogProof, parseCheckpoint, parseNote } from '@phalanx/ledger';
import {
  formatStatement as formatLeaf,
  parseExchangeLeaf,
  parseStatement as parseLeaf,
  type Statement,
} from '@phalanx/record';
import { BUNDLE, UNSIGNED, WHOLE_TYPE } from './bundle-layout.js';
import { formatProofLine } from './entry-proofs.js';
import { ChainFollower } from './leaf-list.js';
import { drawSample } from './random-sample.js';
import type { CaseFile } from './report/case-file.js';
import type { SampleLaboratory } from './sample-evidence.test.support.js';

/** Every file below a folder. */
export function listFiles(folder: string): string[] {
  return (readdirSync(folder, { recursive: true, encoding: 'utf8' }) as string[])
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => relative(folder, path).split('\\').join('/'))
    .sort();
}

/** Makes the manifests of a bag again, as somebody does who altered it. */
export function rewriteManifests(folder: string): void {
  const files = listFiles(folder).filter(
    (path) => path !== 'manifest-sha256.txt' && path !== 'tagmanifest-sha256.txt',
  );
  const isPayload = (path: string): boolean => path.startsWith('data/');
  const line = (path: string): string => {
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
    return `${sha256}  ${path}\n`;
  };
  const payload = files.filter(isPayload);
  const bytes = payload.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  const info = join(folder, 'bag-info.txt');
  const oxum = `Payload-Oxum: ${bytes}.${payload.length}`;
  writeFileSync(info, readFileSync(info, 'utf8').replace(/Payload-Oxum: .*/, oxum));
  writeFileSync(join(folder, 'manifest-sha256.txt'), payload.map(line).join(''));
  const tags = [...files.filter((path) => !isPayload(path)), 'manifest-sha256.txt'].sort();
  writeFileSync(join(folder, 'tagmanifest-sha256.txt'), tags.map(line).join(''));
}

export interface ListedLine {
  index: number;
  leaf: string;
}

export interface OpeningLine {
  index: number;
  groups: Record<string, { salt: string; value: string }>;
}

/** What a dishonest exporter chooses; the rest follows from it. */
export interface Draft {
  report: DetectionReport;
  finding: Extract<Statement, { kind: 'finding' }>;
  leaves: ListedLine[];
  openings: OpeningLine[];
  claims: { name: string; value: number | string; recompute: string }[];
  predicate: { [member: string]: Json } & { sample: { seed: string; size: number } };
  /** Of the record, besides those above. */
  files: Map<string, Uint8Array>;
  /** What `case.json` says otherwise than the rest. */
  editCase: (file: CaseFile) => void;
}

/**
 * A bundle as somebody makes it who holds all keys of the laboratory and uses software of his own: an honest bundle without time stamps is
 * edited, logged and signed again, and every hash, proof and manifest is right.
 */
export async function forgeBundle(
  { telemetry, request }: SampleLaboratory,
  honest: string,
  to: string,
  edit: (draft: Draft) => void,
): Promise<string> {
  cpSync(honest, to, { recursive: true });
  const read = (path: string): Uint8Array => new Uint8Array(readFileSync(join(to, path)));
  const write = (path: string, bytes: Uint8Array): void => writeFileSync(join(to, path), bytes);
  const lines = (path: string) =>
    readFileSync(join(to, path), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const json = (path: string) => JSON.parse(readFileSync(join(to, path), 'utf8'));
  const hash = (path: string): string => createHash('sha256').update(read(path)).digest('hex');
  const signed = parseStatement(parseEnvelope(read(BUNDLE.envelope)).payload);
  const draft = {
    report: json(BUNDLE.finding),
    finding: parseLeaf(read(BUNDLE.findingLeaf)),
    leaves: lines(BUNDLE.leaves),
    openings: existsSync(join(to, BUNDLE.openings)) ? lines(BUNDLE.openings) : [],
    claims: json(BUNDLE.claims),
    predicate: structuredClone(signed.predicate),
    files: new Map(),
    editCase: () => {},
  } as unknown as Draft;
  edit(draft);

  write(BUNDLE.finding, utf8(JSON.stringify(draft.report)));
  const findingLeaf = formatLeaf({ ...draft.finding, reportSha256: hash(BUNDLE.finding) });
  write(BUNDLE.findingLeaf, findingLeaf);
  const findingEntry = await telemetry.appendEntry(findingLeaf);
  const formatLines = (values: readonly unknown[]) =>
    utf8(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  write(BUNDLE.leaves, formatLines(draft.leaves));
  if (draft.openings.length > 0) write(BUNDLE.openings, formatLines(draft.openings));
  write(BUNDLE.claims, utf8(`${canonicalJson(draft.claims)}\n`));

  const chains = new Map(draft.leaves.map(({ index, leaf }) => [chainOf(leaf), index]));
  for (const [path, bytes] of draft.files) write(path, bytes);
  const subjects = listFiles(to)
    .filter((name) => name.startsWith('data/record/') || name === BUNDLE.finding)
    .map((name) => ({ name, sha256: hash(name) }));
  const predicate = {
    ...draft.predicate,
    findingEntry,
    leaves: draft.leaves.length,
    accounts: chains.size,
  };
  const payload = formatStatement({ ...signed, subjects, predicate });
  const envelope = await signEnvelope(STATEMENT_TYPE, payload, request.statements);
  write(BUNDLE.envelope, formatEnvelope(envelope));
  const leaf = makeStatementLeaf(envelope, request.statements.publicKey);
  write(BUNDLE.statementLeaf, leaf);
  const statementEntry = await telemetry.appendEntry(leaf);
  const note = await telemetry.publish();
  write(BUNDLE.checkpoint, note);
  const within = { note, checkpoint: parseCheckpoint(parseNote(note).text) };
  const prove = (index: number) => telemetry.log.prove(index, null, within);
  write(BUNDLE.statementProof, formatTlogProof(await prove(statementEntry)));
  write(BUNDLE.findingProof, formatTlogProof(await prove(findingEntry)));
  const { seed, size } = draft.predicate.sample;
  const sample = drawSample(seed, draft.leaves.length, size).map((place) => draft.leaves[place]!.index);
  const proofs: Uint8Array[] = [];
  for (const index of [...new Set([...chains.values(), ...sample])].sort((a, b) => a - b))
    proofs.push(formatProofLine(index, (await prove(index)).inclusion));
  write(BUNDLE.entryProofs, new Uint8Array(Buffer.concat(proofs)));
  rmSync(join(to, 'data/timestamps'), { recursive: true, force: true });
  const file: CaseFile = json(BUNDLE.caseFile);
  fitCase(file, draft, within.checkpoint, findingEntry, hash(BUNDLE.finding));
  draft.editCase(file);
  write(BUNDLE.caseFile, utf8(JSON.stringify(file)));
  const whole = formatStatement({
    subjects: listFiles(to)
      .filter((path) => !UNSIGNED.has(path) && path !== 'tagmanifest-sha256.txt')
      .map((name) => ({ name, sha256: hash(name) })),
    predicateType: WHOLE_TYPE,
    predicate: {},
  });
  write(BUNDLE.wholeEnvelope, formatEnvelope(await signEnvelope(STATEMENT_TYPE, whole, request.statements)));
  rewriteManifests(to);
  return to;
}

/** Makes a case file say what the draft does. */
function fitCase(
  file: CaseFile,
  draft: Draft,
  checkpoint: Checkpoint,
  findingEntry: number,
  reportSha256: string,
): void {
  const { report, leaves, claims, predicate } = draft;
  const { window, alpha, poolsExamined, configuration } = report;
  file.finding = report.findings[0]!;
  Object.assign(file.detection, { window, alpha, poolsExamined, configuration, reportSha256 });
  file.aggregates = claims;
  file.disclosure.entries = leaves.length;
  const { seed, size } = predicate.sample;
  Object.assign(file.sampling!, { seed, sampleSize: size, population: leaves.length });
  const { origin, root } = checkpoint;
  const verifierKey = String(predicate.log);
  Object.assign(file.log, { origin, size: checkpoint.size, root: toHex(root), verifierKey });
  file.log.finding!.index = findingEntry;
  const named = !file.accounts.some(({ accountId }) => /^[0-9a-f]{32}$/.test(accountId));
  const names = new Map(file.accounts.map(({ accountId }, i) => [i, accountId]));
  const follower = new ChainFollower();
  for (const { index, leaf } of leaves) {
    const entry = fromBase64(leaf);
    try {
      follower.add({ index, entry, leaf: parseExchangeLeaf(entry) });
    } catch {
      // A chain with a gap: that is for the verifier to find.
    }
  }
  file.accounts = [...follower.summaries.values()].map((chain, i) => ({
    accountId: named ? names.get(i)! : chain.chain,
    exchanges: chain.lastSequence - chain.firstSequence + 1,
    firstAtMs: chain.firstAtMs,
    lastAtMs: chain.lastAtMs,
    sequence: { first: chain.firstSequence, last: chain.lastSequence },
  }));
}

/** The chain in a listed leaf. */
export function chainOf(leaf: string): string {
  return toHex(fromBase64(leaf).subarray(1, 17));
}

/** The same leaf with some bytes changed. */
export function editLeaf(leaf: string, edit: (bytes: Uint8Array) => void): string {
  const bytes = fromBase64(leaf);
  edit(bytes);
  return toBase64(bytes);
}
