import { randomUUID } from 'node:crypto';
import { DAY_MS } from '@phalanx/core';
import { type PublicJwk, thumbprintOf } from './client-key.js';
import { deny } from './denial.js';
import type { HubIdentity } from './hub-identity.js';
import type { Member } from './member.js';
import { certifyPseudonym } from './pseudonym.js';

/** Members who exchange among themselves. Nobody else learns who they are, or that there is such a group. */
export interface Group {
  /** UUID: says nothing. */
  readonly id: string;
  /** For its members' eyes. */
  readonly name: string;
  /** Whether its members see who is behind a pseudonym; `hidden`: the hub alone. */
  readonly visibility: 'visible' | 'hidden';
  /** Days after which pseudonyms change. */
  readonly epochDays: number;
}

/** Under which a member of a group writes in it, for one epoch. */
export interface Pseudonym {
  readonly groupId: string;
  readonly epoch: number;
  /** Known to the hub. */
  readonly memberId: string;
  /** Id of a STIX identity that is drawn at random, and belongs to no other name. */
  readonly identity: string;
  /** Key that signs objects under this name, and its thumbprint. */
  readonly jwk: PublicJwk;
  readonly kid: string;
  /** By the hub; see `readPseudonymCertificate`. */
  readonly certificate: string;
}

/** Where a hub keeps its groups. Nothing here is for members to ask directly: `listGroupNames` and `takePseudonym` are. */
export interface GroupRegistry {
  putGroup(group: Group): Promise<void>;
  addToGroup(groupId: string, memberId: string): Promise<void>;
  /** Takes rights and future pseudonyms away; what was written stays. */
  removeFromGroup(groupId: string, memberId: string): Promise<void>;
  /** Those that a member is in, sorted by id. */
  listGroups(memberId: string): Promise<readonly Group[]>;
  /** Null also for a group that this member is not in. */
  findGroup(groupId: string, memberId: string): Promise<Group | null>;
  listPseudonyms(groupId: string, epoch: number): Promise<readonly Pseudonym[]>;
  /**
   * Adds it unless the member has one in this group and epoch; returns the one that is there afterwards.
   *
   * @throws PhalanxError when the key is that of another pseudonym
   */
  addPseudonym(pseudonym: Pseudonym): Promise<Pseudonym>;
  /** Who writes under this name; null for none. For the hub alone. */
  findAuthor(identity: string): Promise<Pseudonym | null>;
  /** Forgets who was behind the pseudonyms of all epochs before this one. Returns how many there were. */
  forgetBefore(groupId: string, epoch: number): Promise<number>;
}

/** The epoch of a group at a time. */
export function groupEpoch({ epochDays }: Group, atMs: number): number {
  return Math.floor(atMs / (epochDays * DAY_MS));
}

/** How long after its epoch a pseudonym may still write and be verified: objects made at its end arrive later. */
export const PSEUDONYM_GRACE_MS = DAY_MS;

/**
 * Gives a member its pseudonym in a group for the present epoch: one, so that it counts as one lab whatever it does.
 *
 * @param jwk public key that signs objects under this name, Ed25519; must be used for nothing else, since equal keys are linked
 * @throws PhalanxError `COALITION_IDENTITY` when the member is not in such a group, has a pseudonym with another key in this
 *   epoch, or the key is already somebody's
 */
export async function takePseudonym(
  groupId: string,
  member: Member,
  jwk: PublicJwk,
  groups: GroupRegistry,
  hub: HubIdentity,
): Promise<Pseudonym> {
  const group = await groups.findGroup(groupId, member.id);
  if (group === null) return deny('a group that this member is not in');
  const epoch = groupEpoch(group, hub.clock.nowMs());
  const length = group.epochDays * DAY_MS;
  const kid = await thumbprintOf(jwk);
  if (jwk.kty !== 'OKP') return deny('a key that signs no objects');
  if ((await hub.members.findKey(kid)) !== null) return deny('a pseudonym with the key of a member');
  const identity = `identity--${randomUUID()}`;
  const terms = {
    groupId,
    epoch,
    identity,
    jwk,
    fromMs: epoch * length,
    untilMs: (epoch + 1) * length + PSEUDONYM_GRACE_MS,
  };
  const certificate = await certifyPseudonym(terms, hub);
  const taken = await groups.addPseudonym({
    groupId,
    epoch,
    memberId: member.id,
    identity,
    jwk,
    kid,
    certificate,
  });
  if (taken.kid !== kid) return deny('a pseudonym with another key in the same epoch');
  return taken;
}

/** One of a group, as its members see it. */
export interface GroupName {
  readonly identity: string;
  readonly certificate: string;
  /** Null where the group hides it. */
  readonly memberId: string | null;
}

/** The names in a group at a time, sorted by identity; null for who is not in it, as for a group that is not there. */
export async function listGroupNames(
  groupId: string,
  member: Member,
  groups: GroupRegistry,
  atMs: number,
): Promise<readonly GroupName[] | null> {
  const present = await listPresent(groupId, member, groups, atMs);
  if (present === null) return null;
  return present.pseudonyms
    .sort((a, b) => (a.identity < b.identity ? -1 : 1))
    .map(({ identity, certificate, memberId }) => ({
      identity,
      certificate,
      memberId: present.group.visibility === 'visible' ? memberId : null,
    }));
}

/**
 * As whom a member may write in a collection: itself in one of no group, its pseudonyms in one of its groups. There its own identity is not
 * among them, so that nobody shows itself by mistake.
 *
 * @param groupIds groups that have rights in the collection
 */
export async function listAuthors(
  member: Member,
  groupIds: readonly string[],
  groups: GroupRegistry,
  atMs: number,
): Promise<ReadonlySet<string>> {
  if (groupIds.length === 0) return new Set([member.identity]);
  const found = await Promise.all(groupIds.map((id) => listPresent(id, member, groups, atMs)));
  const own = found
    .flatMap((present) => present?.pseudonyms ?? [])
    .filter(({ memberId }) => memberId === member.id);
  return new Set(own.map(({ identity }) => identity));
}

/** A group that a member is in, and the pseudonyms in it that may write now; null when it is in no such group. */
async function listPresent(groupId: string, member: Member, groups: GroupRegistry, atMs: number) {
  const group = await groups.findGroup(groupId, member.id);
  if (group === null) return null;
  const epochs = new Set([groupEpoch(group, atMs), groupEpoch(group, atMs - PSEUDONYM_GRACE_MS)]);
  const pseudonyms = await Promise.all([...epochs].map((epoch) => groups.listPseudonyms(groupId, epoch)));
  return { group, pseudonyms: pseudonyms.flat() };
}
