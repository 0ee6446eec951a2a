import {
  makeStatementLeaf,
  parseEnvelope,
  parseStatement,
  readCertificates,
  readPublicKey,
  STATEMENT_TYPE,
  type Statement,
  verifyEnvelope,
  verifyStatementBundle,
  verifyTimestamp,
} from '@phalanx/attestation';
import { canonicalJson, type Json, PhalanxError, toHex } from '@phalanx/core';
import type { DetectionReport, ExchangeRecord } from '@phalanx/domain';
import {
  type Checkpoint,
  hashLeaf,
  openNote,
  parseTlogProof,
  parseTrustPolicy,
  parseVerifierKey,
  type TrustPolicy,
  verifyTlogProof,
} from '@phalanx/ledger';
import { type ExchangeLeaf, parseStatement as parseLeaf, parseWhoGroup } from '@phalanx/record';
import { z } from 'zod';
import { decryptWithIdentity } from './age-envelope.js';
import { type AggregateClaim, AggregateCounts, parseClaims } from './aggregate-claims.js';
import { Bag, type BagLimits } from './bag.js';
import { BUNDLE, CLAIMS_TYPE, isMetadataPart, isTextPart, UNSIGNED, WHOLE_TYPE } from './bundle-layout.js';
import { matchCase } from './case-match.js';
import { describeCoverage, measureCoverage } from './coverage.js';
import { verifyDates } from './dated-checkpoint.js';
import { verifyEntryProofs } from './entry-proofs.js';
import type { EvidenceErrorCode } from './evidence-error.js';
import { AccountTies, readFinding } from './finding-match.js';
import { ChainFollower, type ChainSummary, readLeafLines } from './leaf-list.js';
import { METADATA_GROUPS, type OpenedGroups, readOpenings, TEXT_GROUPS } from './openings.js';
import { drawSample } from './random-sample.js';
import { DisclosureLevel } from './report/case-file.js';

/** What a verifier holds of its own. What is missing is taken from the bundle, which then speaks for itself. */
export interface EvidenceTrust {
  /** tlog-policy: whose log it must be and who must have cosigned. */
  readonly policy?: Uint8Array;
  /** PEM of the key that must have signed the statement. */
  readonly statementKey?: Uint8Array;
  /** PEM certificates of time stamping authorities. */
  readonly timestampAuthority?: Uint8Array;
  /** age identity, for what is encrypted. */
  readonly identity?: string;
  readonly limits?: BagLimits;
}

/** The links of a bundle, in the order in which they are checked. */
export const LINKS = [
  'files',
  'statement',
  'log',
  'time',
  'record',
  'dates',
  'proofs',
  'openings',
  'report',
] as const;
export type LinkName = (typeof LINKS)[number];

export interface CheckedLink {
  readonly link: LinkName;
  readonly ok: boolean;
  /** What it shows, or what is wrong. */
  readonly what: string;
}

/** What a check came to: all links, or those up to the first that breaks. */
export interface EvidenceCheck {
  readonly verified: boolean;
  readonly links: readonly CheckedLink[];
  /** What the statement says; null when it did not verify. */
  readonly claims: EvidenceClaims | null;
  /** Whether log, signer and, where there are time stamps, their authority were known to the verifier from elsewhere. */
  readonly anchored: boolean;
}

const EvidenceClaims = z.strictObject({
  caseId: z.string(),
  findingId: z.string(),
  findingKind: z.string(),
  findingEntry: z.number().int().min(0),
  log: z.string(),
  window: z.strictObject({ fromMs: z.number(), toMs: z.number() }),
  accounts: z.number().int().min(1),
  leaves: z.number().int().min(1),
  disclosed: DisclosureLevel,
  sample: z.strictObject({ seed: z.string().max(1000), size: z.number().int().min(0) }),
});
export type EvidenceClaims = z.infer<typeof EvidenceClaims>;

const MAX_SMALL_BYTES = 32_000_000;
const MAX_FINDING_BYTES = 512_000_000;
const MAX_PART_BYTES = 1 << 28;

/**
 * Checks a bundle offline, link by link, and stops at the first that breaks.
 *
 * @throws what the file system throws; whatever the bundle holds comes back as a broken link
 */
export async function verifyEvidence(folder: string, trust: EvidenceTrust = {}): Promise<EvidenceCheck> {
  const links: CheckedLink[] = [];
  const check = new BundleCheck(trust);
  for (const link of LINKS)
    try {
      links.push({ link, ok: true, what: await check[link](folder) });
    } catch (error) {
      if (!PhalanxError.is(error)) throw error;
      links.push({ link, ok: false, what: error.message });
      break;
    }
  return {
    verified: links.length === LINKS.length && links.every(({ ok }) => ok),
    links,
    claims: check.claims,
    anchored: check.isAnchored,
  };
}

/** One check: each link leaves behind what the next ones need. */
class BundleCheck implements Record<LinkName, (folder: string) => Promise<string>> {
  claims: EvidenceClaims | null = null;
  readonly #trust: EvidenceTrust;
  #bag!: Bag;
  #checkpoint!: Checkpoint;
  #publicKey!: Uint8Array;
  #isStamped = false;
  readonly #leaves = new Map<
    number,
    Pick<ExchangeLeaf, 'commitments' | 'atMs'> & { readonly chain: string; readonly hash: Uint8Array }
  >();
  #report!: DetectionReport;
  #ties!: AccountTies;
  #chains: ReadonlyMap<string, ChainSummary> = new Map();
  #figures: readonly AggregateClaim[] = [];
  #sample: ReadonlySet<number> = new Set();

  constructor(trust: EvidenceTrust) {
    this.#trust = trust;
  }

  get isAnchored(): boolean {
    const { policy, statementKey, timestampAuthority } = this.#trust;
    return (
      policy !== undefined &&
      statementKey !== undefined &&
      (!this.#isStamped || timestampAuthority !== undefined)
    );
  }

  /** Every file is as the manifests say, and there is no other. */
  async files(folder: string): Promise<string> {
    this.#bag = await Bag.open(folder, this.#trust.limits);
    await this.#bag.verify();
    return `${this.#bag.files.size} files as listed`;
  }

  /** The statement is signed, and is about the files in the bundle. */
  async statement(): Promise<string> {
    this.#publicKey = readPublicKey(this.#trust.statementKey ?? (await this.#small(BUNDLE.statementKey)));
    const isAbout = (path: string): boolean => path.startsWith('data/record/') || path === BUNDLE.finding;
    const predicate = await this.#openStatement(BUNDLE.envelope, CLAIMS_TYPE, isAbout);
    const claims = EvidenceClaims.safeParse(predicate);
    if (!claims.success) throw broken('the statement is about something else');
    this.claims = claims.data;
    return `signed for ${[...this.#bag.files.keys()].filter(isAbout).length} files`;
  }

  /** What a signed statement says of its subjects, which must be these files of the bundle as they are. */
  async #openStatement(
    path: string,
    type: string,
    isAbout: (path: string) => boolean,
  ): Promise<Statement['predicate']> {
    const envelope = parseEnvelope(await this.#small(path));
    verifyEnvelope(envelope, this.#publicKey);
    if (envelope.payloadType !== STATEMENT_TYPE) throw broken('it is no in-toto statement');
    const { subjects, predicateType, predicate } = parseStatement(envelope.payload);
    if (predicateType !== type) throw broken('the statement is about something else');
    for (const { name, sha256 } of subjects)
      if (this.#bag.files.get(name)?.sha256 !== sha256)
        throw broken(`${name} is not the file that was signed for`);
    const about = new Set(subjects.map(({ name }) => name));
    for (const name of this.#bag.files.keys())
      if (isAbout(name) && !about.has(name)) throw broken(`${name} was not signed for`);
    return predicate;
  }

  /** Statement and finding are entries of a log that the policy accepts. */
  async log(): Promise<string> {
    const policy = this.#policyOf(await this.#small(BUNDLE.policy));
    const envelope = parseEnvelope(await this.#small(BUNDLE.envelope));
    const leaf = makeStatementLeaf(envelope, this.#publicKey);
    if (!same(leaf, await this.#small(BUNDLE.statementLeaf))) throw broken('the logged statement is another');
    const proof = parseTlogProof(await this.#small(BUNDLE.statementProof));
    const { checkpoint, cosigned } = verifyTlogProof(proof, hashLeaf(leaf), policy);
    if (!same(proof.checkpoint, await this.#small(BUNDLE.checkpoint)))
      throw broken('the proof is about another checkpoint');
    this.#checkpoint = checkpoint;
    this.#checkLogKey(proof.checkpoint);
    const findingLeaf = await this.#small(BUNDLE.findingLeaf);
    const findingProof = parseTlogProof(await this.#small(BUNDLE.findingProof));
    if (!same(findingProof.checkpoint, proof.checkpoint))
      throw broken('the proofs are about two checkpoints');
    const { index } = verifyTlogProof(findingProof, hashLeaf(findingLeaf), policy);
    const finding = parseLeaf(findingLeaf);
    if (finding.kind !== 'finding' || index !== this.claims!.findingEntry)
      throw broken('the logged finding is another than was signed for');
    if (finding.reportSha256 !== this.#bag.files.get(BUNDLE.finding)?.sha256)
      throw broken('the logged finding is another than the one in the bundle');
    this.#report = readFinding(await this.#small(BUNDLE.finding), finding, this.claims!);
    const witnesses = cosigned.size === 0 ? 'no witness' : `${cosigned.size} witnesses`;
    return `statement and finding are in ${checkpoint.origin} of ${checkpoint.size} entries; ${witnesses}`;
  }

  /** Whoever has no policy of their own compares the key that the statement names: it must be the one that signed. */
  #checkLogKey(note: Uint8Array): void {
    try {
      openNote(note, [parseVerifierKey(this.claims!.log)]);
    } catch (cause) {
      throw broken('the statement names another log than the one that signed', cause);
    }
  }

  /** Somebody else says when, if anybody was asked. */
  async time(): Promise<string> {
    this.#isStamped = [...this.#bag.files.keys()].some((path) => path.startsWith('data/timestamps/'));
    if (!this.#isStamped && this.#trust.timestampAuthority !== undefined)
      throw broken('no time stamp, though an authority is asked for');
    if (!this.#isStamped) return 'no time stamp: the times are the operator’s word';
    const pem = this.#trust.timestampAuthority ?? (await this.#small(BUNDLE.timestampAuthority));
    const certificates = readCertificates(pem);
    const checkpoint = await this.#small(BUNDLE.checkpoint);
    const stamp = verifyTimestamp(await this.#small(BUNDLE.checkpointStamp), checkpoint, { certificates });
    const { signature } = parseEnvelope(await this.#small(BUNDLE.envelope));
    verifyTimestamp(await this.#small(BUNDLE.statementStamp), signature, { certificates });
    if (this.#bag.files.has(BUNDLE.sigstore)) await this.#sigstore(checkpoint);
    const vouched = this.#trust.timestampAuthority === undefined ? ', for whom only the bundle vouches' : '';
    return `stamped ${new Date(stamp.timeMs).toISOString()} by ${stamp.authority.replaceAll('\n', ', ')}${vouched}`;
  }

  /** The same statement as Sigstore's own verifiers see it. */
  async #sigstore(checkpoint: Uint8Array): Promise<void> {
    const bundle = verifyStatementBundle(await this.#small(BUNDLE.sigstore), {
      trustedRoot: await this.#small(BUNDLE.trustedRoot),
      publicKey: this.#publicKey,
    });
    if (!same(bundle.proof.checkpoint, checkpoint))
      throw broken('the Sigstore bundle is about another checkpoint');
  }

  /** The leaves make chains without a gap. */
  async record(): Promise<string> {
    const follower = new ChainFollower();
    const names = new Map<string, string>();
    for await (const listed of readLeafLines(this.#bag.stream(BUNDLE.leaves))) {
      follower.add(listed);
      const { commitments, atMs } = listed.leaf;
      // One text a chain, not one a leaf.
      const name = toHex(listed.leaf.chain);
      const chain = names.get(name) ?? name;
      names.set(name, chain);
      this.#leaves.set(listed.index, { commitments, atMs, chain, hash: hashLeaf(listed.entry) });
    }
    const { leaves, accounts } = this.claims!;
    if (this.#leaves.size !== leaves || follower.summaries.size !== accounts)
      throw broken(
        `${this.#leaves.size} leaves in ${follower.summaries.size} chains; ${leaves} in ${accounts} were signed for`,
      );
    this.#ties = new AccountTies(this.#report, new Set(names.keys()));
    this.#chains = follower.summaries;
    const { exchangesBeforeAlarm, exchangesAfterAlarm } = this.#report.findings[0]!;
    const counted = exchangesBeforeAlarm + exchangesAfterAlarm;
    return `${leaves} exchanges in ${accounts} chains, each unbroken from its first listed to its last; the finding counts ${counted}`;
  }

  /** Others saw the log as it grew, so that the exchanges were not made up for the case. */
  async dates(): Promise<string> {
    if (!this.#bag.files.has(BUNDLE.dates))
      return 'no earlier time stamps: when the exchanges were logged is the operator’s word';
    const policy = this.#policyOf(await this.#small(BUNDLE.policy));
    const pem = this.#trust.timestampAuthority ?? (await this.#small(BUNDLE.timestampAuthority));
    const content = this.#bag.stream(BUNDLE.dates);
    const dates = await verifyDates(content, this.#checkpoint, policy, readCertificates(pem));
    const leaves = Array.from(this.#leaves, ([index, { atMs }]) => ({ index, atMs }));
    return `${dates.length} earlier checkpoints; ${describeCoverage(measureCoverage(leaves, dates))}`;
  }

  /** The last leaf of each chain, and each entry of the sample, is in the log. */
  async proofs(): Promise<string> {
    const hashOf = (index: number) => this.#leaves.get(index)?.hash ?? null;
    const proved = await verifyEntryProofs(this.#bag.stream(BUNDLE.entryProofs), this.#checkpoint, hashOf);
    const { seed, size } = this.claims!.sample;
    const order = [...this.#leaves.keys()];
    this.#sample = new Set(drawSample(seed, order.length, size).map((place) => order[place]!));
    const heads = Array.from(this.#chains.values(), ({ headIndex }) => headIndex);
    for (const index of [...heads, ...this.#sample])
      if (!proved.has(index)) throw broken(`entry ${index} is not proved`);
    return `${proved.size} inclusion proofs; the sample of ${this.#sample.size} is the one that its seed draws`;
  }

  /** What is opened is what was logged, and the figures follow from it. */
  async openings(): Promise<string> {
    const { disclosed } = this.claims!;
    this.#checkLevel(disclosed);
    this.#figures = readClaims(await this.#small(BUNDLE.claims));
    if (disclosed === 'existence') {
      if (this.#figures.length > 0)
        throw broken('figures are stated, and nothing is opened that they follow from');
      return `nothing is opened; ${this.#ties.describe()}`;
    }
    let counts = new AggregateCounts();
    const opened = new Set<number>();
    for await (const { index, groups } of readOpenings(this.#bag.stream(BUNDLE.openings), this.#leaves)) {
      opened.add(index);
      this.#addMetadata(counts, index, groups);
    }
    for (const index of disclosed === 'aggregates' ? this.#sample : this.#leaves.keys())
      if (!opened.has(index)) throw broken(`entry ${index} is not opened`);
    const told = [`${opened.size} entries opened as logged`];
    const { identity } = this.#trust;
    if (disclosed === 'aggregates') {
      if (identity === undefined)
        return [...told, this.#ties.describe(), 'figures not recomputed: encrypted for the auditor'].join(
          '; ',
        );
      counts = new AggregateCounts();
      const encrypted = new Set<number>();
      for await (const { index, groups } of this.#decrypt(isMetadataPart, identity)) {
        encrypted.add(index);
        this.#addMetadata(counts, index, groups);
      }
      if (encrypted.size < this.#leaves.size)
        throw broken(`${encrypted.size} of ${this.#leaves.size} entries are opened for the auditor`);
    }
    told.push(this.#ties.describe());
    if (canonicalJson(this.#figures as Json) !== canonicalJson(counts.claims() as Json))
      throw broken('the figures are not those that follow from the openings');
    told.push('figures recomputed');
    if (disclosed === 'text' && identity !== undefined) {
      let texts = 0;
      for await (const { index, groups } of this.#decrypt(isTextPart, identity)) {
        if (TEXT_GROUPS.every((group) => groups[group] === undefined))
          throw broken(`no text of entry ${index} is opened`);
        texts++;
      }
      told.push(`text of ${texts} entries as logged`);
    }
    return told.join('; ');
  }

  /** What is for people, and whom the bundle says to trust, is as the signer made it. */
  async report(): Promise<string> {
    const isAbout = (path: string): boolean => !UNSIGNED.has(path);
    await this.#openStatement(BUNDLE.wholeEnvelope, WHOLE_TYPE, isAbout);
    matchCase(await this.#small(BUNDLE.caseFile), {
      claims: this.claims!,
      report: this.#report,
      reportSha256: this.#bag.files.get(BUNDLE.finding)!.sha256,
      figures: this.#figures,
      chains: this.#chains,
      checkpoint: this.#checkpoint,
      isStamped: this.#bag.files.has(BUNDLE.checkpointStamp),
    });
    return 'report, keys and all other files are those that were signed for; what the report rests on was shown';
  }

  /** Everything but who and what was asked must be opened together: what is left out would be left out of the figures. */
  #addMetadata(counts: AggregateCounts, index: number, groups: OpenedGroups): void {
    for (const group of METADATA_GROUPS)
      if (groups[group] === undefined) throw broken(`the ${group} group of entry ${index} is not opened`);
    const record = addTo(counts, groups);
    const accountId = groups.who === undefined ? null : parseWhoGroup(groups.who).accountId;
    this.#ties.add(index, this.#leaves.get(index)!, record, accountId);
  }

  /** What lies beside the openings of a level would be seen by people, and checked by nobody. */
  #checkLevel(disclosed: DisclosureLevel): void {
    const isAllowed = (path: string): boolean =>
      [BUNDLE.leaves, BUNDLE.claims, BUNDLE.findingLeaf].some((each) => each === path) ||
      (path === BUNDLE.openings && disclosed !== 'existence') ||
      (isMetadataPart(path) && disclosed === 'aggregates') ||
      (isTextPart(path) && disclosed === 'text');
    for (const path of this.#bag.files.keys())
      if (path.startsWith('data/record/') && !isAllowed(path))
        throw broken(`${path} has no place where ${disclosed} is disclosed`);
  }

  /** Openings in encrypted parts, as in one file: no entry comes twice. */
  async *#decrypt(isPart: (path: string) => boolean, identity: string) {
    const bag = this.#bag;
    const plain = async function* (): AsyncGenerator<Uint8Array> {
      for (const path of [...bag.files.keys()].filter(isPart).sort())
        yield await decryptWithIdentity(await bag.read(path, MAX_PART_BYTES), identity);
    };
    yield* readOpenings(plain(), this.#leaves);
  }

  #policyOf(own: Uint8Array): TrustPolicy {
    return parseTrustPolicy(this.#trust.policy ?? own);
  }

  #small(path: string): Promise<Uint8Array> {
    return this.#bag.read(path, path === BUNDLE.finding ? MAX_FINDING_BYTES : MAX_SMALL_BYTES);
  }
}

function addTo(counts: AggregateCounts, groups: OpenedGroups): ExchangeRecord {
  try {
    return counts.add(groups)!;
  } catch (cause) {
    throw broken('an opened detector group is no record of an exchange', cause);
  }
}

function readClaims(json: Uint8Array) {
  try {
    return parseClaims(json);
  } catch (cause) {
    throw broken('the figures cannot be read', cause);
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function broken(what: string, cause?: unknown): PhalanxError<EvidenceErrorCode> {
  return new PhalanxError('EVIDENCE_RECORD', what, { cause });
}
