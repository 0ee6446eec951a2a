import { generateKeyPairSync } from 'node:crypto';
import {
  describeCampaign,
  makeNextVersion,
  makeTlpMarking,
  revokeObject,
  type StixObject,
  signObject,
  type TlpLevel,
} from '@phalanx/coalition';
import { Random } from '@phalanx/stats';

const SEED = 20261123;
const LAB = 'identity--0f6c2a52-3c3f-4b44-9c1c-6f2d3d1f0a01';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const SIGNER = { kid: 'lab-1', privateKey };
/** By which the objects verify. */
export const KEYS = new Map([[SIGNER.kid, { publicKey, identity: LAB }]]);
const AT_MS = Date.UTC(2026, 10, 20);

/** Signed campaigns until there are enough objects, some of which have further versions. */
export function drawObjects(count: number, level: TlpLevel): StixObject[] {
  const random = new Random(SEED + count);
  const byDigest = new Map<string, StixObject>();
  while (byDigest.size < count) {
    const objects = describeCampaign(drawCampaign(random), {
      createdByRef: LAB,
      atMs: AT_MS + byDigest.size,
      markingRefs: [makeTlpMarking(level).id],
    });
    for (const object of objects) {
      byDigest.set(`${object.id} ${object.modified}`, signObject(object, SIGNER));
      if (object.type !== 'indicator') continue;
      const next = signObject(makeNextVersion(object, { confidence: 50 }, AT_MS + 60_000), SIGNER);
      const last = random.bernoulli(0.5) ? signObject(revokeObject(next, AT_MS + 120_000), SIGNER) : next;
      for (const version of [next, last]) byDigest.set(`${object.id} ${version.modified}`, version);
    }
  }
  // Observables have one id each, and medallion keeps one text of an id.
  const byVersion = new Map(
    [...byDigest.values()].map((object) => [`${object.id} ${object.modified}`, object]),
  );
  return [...byVersion.values()].slice(0, count);
}

function drawCampaign(random: Random): Parameters<typeof describeCampaign>[0] {
  const hex = (digits: number) =>
    Array.from({ length: digits }, () => random.integer(16).toString(16)).join('');
  return {
    kind: 'distillation-campaign',
    accounts: 10 + random.integer(1000),
    exchanges: 1000 + random.integer(1e6),
    firstAtMs: AT_MS - 9 * 86_400_000,
    lastAtMs: AT_MS - 1,
    log10ECoordination: 41.7,
    log10EDemand: 12.3,
    poolsExamined: 118,
    atlas: [],
    fingerprints: [{ algorithm: 'phalanx-template-1', paramsDigest: hex(64), digest: hex(192) }],
    addressRanges: [`${1 + random.integer(223)}.${random.integer(256)}.${random.integer(256)}.0/24`],
    tokens: [],
    validDays: 90,
  };
}
