export { type Checkpoint, formatCheckpoint, parseCheckpoint, type SignedCheckpoint } from './checkpoint.js';
export { type Cosignature, formatCosignature, readCosignature } from './cosignature.js';
export { appendWhole, type Disk, FolderDisk, readWhole } from './disk.js';
export { formatEntryBundle, MAX_ENTRY_BYTES, parseEntryBundle } from './entry-bundle.js';
export {
  type Equivocation,
  formatEquivocation,
  parseEquivocation,
  provesEquivocation,
} from './equivocation.js';
export { FRAME_HEADER_BYTES, type Frame, formatFrame, readFrame, readFrameHeader } from './frame.js';
export { type FrostBroadcast, FrostKeyGeneration, type FrostSubShare } from './frost-generation.js';
export { type FrostGroup, makeFrostGroup } from './frost-group.js';
export { type FrostFault, type FrostKeySettings, makeFrostKey } from './frost-key.js';
export {
  dealFrostShares,
  type FrostShare,
  readFrostShareFile,
  writeFrostShareFile,
} from './frost-share.js';
export {
  type FrostCommitment,
  type FrostParticipant,
  FrostSigner,
  type FrostSigningPackage,
} from './frost-signer.js';
export { checkLog, type LogCheck } from './fsck.js';
export { readKeyFile, readUnencryptedKeyFile, writeKeyFile } from './key-file.js';
export {
  type KeyRotation,
  openKeyRotation,
  signersAt,
  signKeyRotation,
  verifiersAt,
} from './key-rotation.js';
export type { LedgerErrorCode } from './ledger-error.js';
export { type AuditSettings, auditLog, type LogAudit } from './log-monitor.js';
export { LogReader } from './log-reader.js';
export { type HttpHandler, makeLogHandler, type ServedLog } from './log-server.js';
export { EMPTY_ROOT, HASH_BYTES, hashLeaf, hashNode } from './merkle-hash.js';
export { verifyConsistency, verifyInclusion } from './merkle-proof.js';
export { isSubtree, verifySubtreeConsistency, verifySubtreeInclusion } from './merkle-subtree.js';
export { type HashReader, proveConsistency, proveInclusion, readRoot, TreeFrontier } from './merkle-tree.js';
export { makeCosigner, makeNoteSigner, type SigningKey, signingKeyOf } from './note-signer.js';
export { openPkcs11Key, type Pkcs11Key, type Pkcs11Settings } from './pkcs11-key.js';
export type { Pkcs11Calls, Pkcs11Library } from './pkcs11-module.js';
export { type ScrubbedLog, type ScrubSettings, scrubLog } from './scrub.js';
export { readOwnFile, readSecretFile, writeSecretFile } from './secret-file.js';
export { SegmentLog } from './segment-log.js';
export { SEGMENT_ENTRIES, SegmentReader } from './segment-reader.js';
export {
  addSignatures,
  formatNote,
  formatSignature,
  type NoteSignature,
  type NoteSigner,
  type NoteVerifier,
  type OpenedNote,
  openNote,
  parseNote,
  parseSignature,
  type SignedNote,
  signNote,
} from './signed-note.js';
export { becomeSingleWriter } from './single-writer.js';
export { type ProvedAnchor, type SlotOpening, verifyAnchor } from './slot-anchor.js';
export { SlotLog, type SlotLogSettings, type Tick } from './slot-log.js';
export { TileClient } from './tile-client.js';
export { readHashesFromTiles, type TileReader } from './tile-hashes.js';
export { formatTilePath, parseTilePath, TILE_WIDTH, type TilePath, tilesOf, tileWidth } from './tile-path.js';
export {
  checkPolicy,
  type PolicyKey,
  parseTrustPolicy,
  type TrustPolicy,
  type Witnessed,
  type WitnessGroup,
} from './tlog-policy.js';
export {
  formatTlogProof,
  type ProvedInclusion,
  parseTlogProof,
  type TlogProof,
  verifyTlogProof,
} from './tlog-proof.js';
export { type LogSettings, TransparencyLog } from './transparency-log.js';
export {
  formatVerifierKey,
  keyIdOf,
  makeVerifierKey,
  parseVerifierKey,
  SignatureType,
  type VerifierKey,
} from './verifier-key.js';
export {
  formatAddCheckpoint,
  hashOrigin,
  MAX_REQUEST_BYTES,
  Witness,
  type WitnessAnswer,
  type WitnessedLog,
  type WitnessSettings,
} from './witness.js';
export {
  type GatheredCosignatures,
  gatherCosignatures,
  type WitnessAddress,
  WitnessClient,
  type WitnessedSource,
  type WitnessOutcome,
  witnessesOf,
} from './witness-client.js';
export { makeWitnessHandler } from './witness-server.js';
