/** Where things lie in a bundle. Specified in docs/spec/evidence-bundle.md. */
export const BUNDLE = {
  finding: 'data/finding.json',
  caseFile: 'data/case.json',
  leaves: 'data/record/leaves.jsonl',
  claims: 'data/record/claims.json',
  openings: 'data/record/openings.jsonl',
  /** Parts are numbered from 1. */
  metadata: (part: number) => `data/record/metadata-${String(part).padStart(4, '0')}.jsonl.age`,
  text: (part: number) => `data/record/text-${String(part).padStart(4, '0')}.jsonl.age`,
  findingLeaf: 'data/record/finding-leaf.json',
  envelope: 'data/statements/claims.dsse.json',
  statementLeaf: 'data/statements/claims-leaf.json',
  wholeEnvelope: 'data/statements/bundle.dsse.json',
  sigstore: 'data/statements/claims.sigstore.json',
  checkpoint: 'data/proofs/checkpoint',
  entryProofs: 'data/proofs/entries.jsonl',
  statementProof: 'data/proofs/claims.tlog-proof',
  findingProof: 'data/proofs/finding.tlog-proof',
  dates: 'data/timestamps/dates.jsonl',
  checkpointStamp: 'data/timestamps/checkpoint.tsr',
  statementStamp: 'data/timestamps/claims.tsr',
  policy: 'data/trust/policy.tlog-policy',
  statementKey: 'data/trust/statements.pem',
  certificate: 'data/trust/report-signer.pem',
  trustedRoot: 'data/trust/trusted_root.json',
  timestampAuthority: 'data/trust/tsa.pem',
  reportHtml: 'data/report.html',
  reportPdf: 'data/report.pdf',
  declaration: 'data/declaration.pdf',
  custody: 'data/custody.case.jsonld',
  script: 'verify.py',
  guide: 'VERIFY.md',
} as const;

/** What the signed statement says, see docs/spec/evidence-bundle.md. */
export const CLAIMS_TYPE = 'urn:phalanx:evidence-claims:v1';
/** A statement about every other file of the bundle. It says nothing but whose bundle it is. */
export const WHOLE_TYPE = 'urn:phalanx:evidence-bundle:v1';
/** Files that the statement about all others cannot be about: they are written after it. */
export const UNSIGNED: ReadonlySet<string> = new Set([
  BUNDLE.wholeEnvelope,
  'bagit.txt',
  'bag-info.txt',
  'manifest-sha256.txt',
]);

export function isTextPart(path: string): boolean {
  return /^data\/record\/text-\d{4}\.jsonl\.age$/.test(path);
}

export function isMetadataPart(path: string): boolean {
  return /^data\/record\/metadata-\d{4}\.jsonl\.age$/.test(path);
}
