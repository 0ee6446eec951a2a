import { redactObject, type StixObject } from '@phalanx/coalition';
import { groupEpoch, isActive, isValidAt, type Member, toPublicKey } from '@phalanx/coalition/identity';
import { makeReceipt, RELEASE_HEADER } from '@phalanx/coalition/policy';
import type { TakenObjects } from '@phalanx/coalition/taxii';
import { publishRetraction, type Retraction } from '@phalanx/coalition/trust';
import { type Clock, canonicalJson, DAY_MS, PhalanxError } from '@phalanx/core';
import type { ControlStore } from '@phalanx/store/control';

type SignerKeys = Awaited<ReturnType<ControlStore['groups']['listSigners']>>;

/** Keys that sign objects now: members' own, and those of pseudonyms. */
export async function listSignerKeys({ members, groups }: ControlStore, atMs: number): Promise<SignerKeys> {
  const keys = await groups.listSigners(atMs);
  for (const member of await members.listMembers()) {
    if (!isActive(member)) continue;
    // Objects are signed by Ed25519 alone.
    for (const key of await members.listKeys(member.id))
      if (key.jwk.kty === 'OKP' && isValidAt(key, atMs))
        keys.set(key.kid, { publicKey: toPublicKey(key.jwk), identity: member.identity });
  }
  return keys;
}

/** Identities of members and of pseudonyms, also of those who may do nothing any more. */
export async function listMakers({ members, groups }: ControlStore): Promise<ReadonlySet<string>> {
  const identities = (await members.listMembers()).map(({ identity }) => identity);
  return new Set([...identities, ...(await groups.listIdentities())]);
}

/** A pseudonym may write for as long after its epoch: objects made at its end arrive later. */
const GRACE_MS = DAY_MS;

/**
 * Identities under which a member may write in a collection: its pseudonyms where one of its groups has rights in it, its own elsewhere. In a group its
 * own is not among them, so that nobody shows itself by mistake.
 */
export async function listWriters(
  { taxii, groups }: ControlStore,
  member: Member,
  collectionId: string,
  atMs: number,
): Promise<ReadonlySet<string>> {
  let isGroups = false;
  const identities = new Set<string>();
  for (const principal of (await taxii.listRights(collectionId)).keys()) {
    if (!principal.startsWith('group:')) continue;
    const group = await groups.findGroup(principal.slice('group:'.length), member.id);
    if (group === null) continue;
    isGroups = true;
    for (const epoch of new Set([groupEpoch(group, atMs), groupEpoch(group, atMs - GRACE_MS)]))
      for (const { memberId, identity } of await groups.listPseudonyms(group.id, epoch))
        if (memberId === member.id) identities.add(identity);
  }
  return isGroups ? identities : new Set([member.identity]);
}

/**
 * What a hub does with objects that it has taken: states their digests, salted, under the release that the sender names; and takes into its feed
 * what takes something back. The same again states it again and changes nothing in the feed, so that a sender who was told 503 may send again.
 *
 * @returns whether there is a retraction among them
 */
export async function noteObjects(
  { member: from, rootPath, collectionId, objects, headers }: TakenObjects,
  store: ControlStore,
  clock: Clock,
  hub: string,
): Promise<boolean> {
  const atMs = clock.nowMs();
  const receipt = makeReceipt(objects, {
    atMs,
    by: hub,
    role: 'hub',
    from: from.id,
    releaseId: headers.get(RELEASE_HEADER),
    policySha256: null,
  });
  const opening = canonicalJson(receipt.objects as never);
  await store.statements.add(canonicalJson({ ...receipt.statement }), opening);
  const revoked = objects.filter((object) => object.revoked === true);
  if (revoked.length === 0) return false;
  const known = { keys: await listSignerKeys(store, atMs), members: new Map([[from.identity, from.id]]) };
  let isNew = false;
  for (const object of revoked) {
    try {
      const { seq } = await publishRetraction(store.retractions, object, known, atMs);
      await store.statements.putRetractionPlace(seq, { rootPath, collectionId });
      isNew = true;
    } catch (error) {
      // Not signed by its maker: it stands in the collection, where each reader judges it.
      if (!PhalanxError.is(error, 'COALITION_TRUST')) throw error;
    }
  }
  return isNew;
}

/** Whether a member may know of a retraction: it may read where the object stands, and nothing of the object is held back from it. */
export async function maySeeRetraction(
  { seq, object }: Retraction,
  member: Member,
  encrypted: boolean,
  store: ControlStore,
  atMs: number,
): Promise<boolean> {
  const refs = Array.isArray(object.object_marking_refs) ? object.object_marking_refs.map(String) : [];
  for (const { rootPath, collectionId } of await store.statements.listRetractionPlaces(seq)) {
    const collection = await store.taxii.findCollection(rootPath, collectionId, member.id);
    if (collection === null || !collection.canRead) continue;
    const texts = await store.taxii.findMarkings(collectionId, refs);
    const markings = new Map(texts.map((text) => JSON.parse(text) as StixObject).map((one) => [one.id, one]));
    const { clearance, identity } = member;
    const shown = redactObject(object, markings, { clearance, identity, encrypted, atMs });
    if (shown !== null && canonicalJson(shown as never) === canonicalJson(object as never)) return true;
  }
  return false;
}
