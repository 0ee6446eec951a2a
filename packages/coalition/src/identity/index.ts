export {
  ACCESS_TOKEN_MS,
  type AccessToken,
  type Confirmation,
  checkAccessToken,
  issueAccessToken,
  type TokenIssuer,
} from './access-token.js';
export { type Authentication, authenticate, listChallenges } from './authenticate.js';
export { hashPassword, makePassword, PasswordGate } from './basic-password.js';
export {
  type AssertionCheck,
  CLIENT_ASSERTION_TYPE,
  checkClientAssertion,
  makeClientAssertion,
} from './client-assertion.js';
export {
  authorizeByCertificate,
  authorizeByPassword,
  authorizeBySignature,
  authorizeByToken,
  type ClientAuthorizer,
  type TokenSource,
} from './client-authorizer.js';
export {
  type ClientKey,
  type ClientKeyKind,
  generateClientKey,
  type PublicJwk,
  readPublicJwk,
  thumbprintOf,
  toClientKey,
  toPublicKey,
} from './client-key.js';
export { checkContentDigest, type DigestAlgorithm, formatContentDigest } from './content-digest.js';
export {
  addSignature,
  type CosignedStatement,
  readCosigned,
  readStatement,
  sign,
} from './cosigned-statement.js';
export { checkDpopProof, type DpopCheck, type DpopProof, type DpopUse, makeDpopProof } from './dpop.js';
export {
  type Group,
  type GroupName,
  type GroupRegistry,
  groupEpoch,
  listAuthors,
  listGroupNames,
  PSEUDONYM_GRACE_MS,
  type Pseudonym,
  takePseudonym,
} from './group.js';
export {
  checkRequestSignature,
  SIGNATURE_TAG,
  SIGNATURE_WINDOW_MS,
  type SignatureCheck,
  signRequest,
} from './http-signature.js';
export type { HubIdentity, Refusal } from './hub-identity.js';
export { makeKeyRotation, ROTATION_OVERLAP_MS, rotateKey } from './key-rotation.js';
export { type AuthMethod, type Caller, MEMBER_ROLES, type Member, type MemberRole } from './member.js';
export {
  isActive,
  isValidAt,
  type MemberCertificate,
  type MemberCredentials,
  type MemberDirectory,
  type MemberKey,
  type MemberRegistry,
  type Validity,
} from './member-directory.js';
export {
  carryOutAct,
  MEMBERSHIP_ACT_TYPE,
  type MembershipAct,
  type MembershipSettings,
} from './membership-act.js';
export { certificateThumbprint, findCertificateOwner } from './mutual-tls.js';
export type { NonceStore } from './nonce-store.js';
export { type PseudonymTerms, readPseudonymCertificate } from './pseudonym.js';
export { makeSignatureBase, readRequest, type SignedMessage } from './signature-base.js';
export {
  type BareItem,
  type Dictionary,
  formatDictionary,
  type InnerList,
  type Item,
  parseDictionary,
} from './structured-field.js';
export { answerHubKeys, answerMetadata, answerTokenRequest, IDENTITY_PATHS } from './token-endpoint.js';
