import { verify } from 'node:crypto';
import { ed25519_FROST } from '@noble/curves/ed25519.js';
import { PhalanxError } from '@phalanx/core';
import { publicKeyOf } from './ed25519-public-key.js';
import { type FrostGroup, identifierOf, isParticipant, readElement, toPublicPackage } from './frost-group.js';
import {
  type FrostCommitment,
  type FrostParticipant,
  type FrostSigningPackage,
  toCommitmentList,
} from './frost-signer.js';
import type { LedgerErrorCode } from './ledger-error.js';
import type { SigningKey } from './note-signer.js';

/** Why a participant was left out of a signature. */
export interface FrostFault {
  readonly participant: number;
  /** `false`: what it sent does not verify, so it is broken or lies. `absent`: it refused, failed or was late. */
  readonly kind: 'false' | 'absent';
  readonly reason: string;
}

/** What a coordinator is made with. */
export interface FrostKeySettings {
  readonly group: FrostGroup;
  /** `group.threshold` or more, by number; the first in order are asked first. */
  readonly participants: ReadonlyMap<number, FrostParticipant>;
  /** Told of every fault, also when a signature comes about without the participant: otherwise nobody learns of a false share. */
  readonly onFault: (fault: FrostFault) => void;
  /** For each of the two rounds. Default 10,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const MAX_REASON = 200;

/**
 * An Ed25519 key whose shares lie with several participants (RFC 9591 sections 5.1 to 5.4): this is the coordinator, and holds no secret.
 * Who fails, or sends what does not verify, is named and left out; the others start again with new nonces, as long as there are enough.
 * What comes out was verified by OpenSSL as a plain Ed25519 signature.
 *
 * `sign` throws PhalanxError `LEDGER_SHARE`, naming all faults, when too few are left; retryable when some were only absent.
 *
 * @throws PhalanxError `LEDGER_SHARE` for fewer participants than sign, or one that is not of the group
 */
export function makeFrostKey(settings: FrostKeySettings): SigningKey {
  const { group, participants } = settings;
  for (const participant of participants.keys())
    if (!isParticipant(group, participant))
      throw new PhalanxError<LedgerErrorCode>('LEDGER_SHARE', `there is no participant ${participant}`);
  if (participants.size < group.threshold)
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_SHARE',
      `${participants.size} participants, ${group.threshold} sign`,
    );
  // Whoever failed last is asked last, so that one who is away does not cost a timeout each time.
  const order = [...participants.keys()];
  return {
    publicKey: group.publicKey.slice(),
    async sign(message) {
      const faults: FrostFault[] = [];
      for (;;) {
        const left = order.filter((number) => !faults.some(({ participant }) => participant === number));
        if (left.length < group.threshold) throw tooFew(group, faults);
        const answer = await attempt(settings, left.slice(0, group.threshold), new Uint8Array(message));
        if (answer instanceof Uint8Array) return answer;
        for (const fault of answer) {
          faults.push(fault);
          order.push(...order.splice(order.indexOf(fault.participant), 1));
          settings.onFault(fault);
        }
      }
    },
  };
}

/** The signature, or who prevented it. */
async function attempt(
  settings: FrostKeySettings,
  chosen: readonly number[],
  message: Uint8Array,
): Promise<Uint8Array | FrostFault[]> {
  const faults: FrostFault[] = [];
  const { group } = settings;
  const commitments = await ask(settings, chosen, faults, (participant) => participant.commit());
  for (const [participant, commitment] of commitments)
    if (!isCommitment(commitment, participant))
      faults.push({ participant, kind: 'false', reason: 'its commitment is malformed' });
  if (faults.length > 0) return faults;
  const request: FrostSigningPackage = { message, commitments: [...commitments.values()] };
  const shares = await ask(settings, chosen, faults, (participant) =>
    participant.sign(structuredClone(request)),
  );
  for (const [participant, share] of shares)
    if (!isShare(group, request, participant, share))
      faults.push({ participant, kind: 'false', reason: 'its signature share does not verify' });
  if (faults.length > 0) return faults;
  const signature = ed25519_FROST.aggregate(
    toPublicPackage(group),
    toCommitmentList(request.commitments),
    message,
    Object.fromEntries([...shares].map(([participant, share]) => [identifierOf(participant), share])),
  );
  if (!verify(null, message, publicKeyOf(group.publicKey), signature))
    throw new PhalanxError<LedgerErrorCode>(
      'LEDGER_SHARE',
      'shares that verify made a signature that does not',
    );
  return signature;
}

/** Asks all at once. Answers by number; who gives none in time is a fault. */
async function ask<T>(
  { participants, timeoutMs = TIMEOUT_MS }: FrostKeySettings,
  chosen: readonly number[],
  faults: FrostFault[],
  call: (participant: FrostParticipant) => Promise<T>,
): Promise<Map<number, T>> {
  const answers = new Map<number, T>();
  await Promise.all(
    chosen.map(async (participant) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
      });
      try {
        const answer = await Promise.race([call(participants.get(participant)!), late]);
        // A copy: what is checked must be what is used.
        answers.set(participant, structuredClone(answer));
      } catch (error) {
        faults.push({ participant, kind: 'absent', reason: describe(error) });
      } finally {
        clearTimeout(timer);
      }
    }),
  );
  return answers;
}

/** In the participant's own words, which may be long and hold control characters. */
function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, MAX_REASON).replaceAll(/\p{C}/gu, ' ');
}

function isCommitment(commitment: FrostCommitment, participant: number): boolean {
  const { hiding, binding } = commitment ?? {};
  return (
    commitment?.participant === participant &&
    [hiding, binding].every((point) => point instanceof Uint8Array && readElement(point) !== null)
  );
}

/** RFC 9591 section 5.4. */
function isShare(
  group: FrostGroup,
  { message, commitments }: FrostSigningPackage,
  participant: number,
  share: Uint8Array,
): boolean {
  try {
    return ed25519_FROST.verifyShare(
      toPublicPackage(group),
      toCommitmentList(commitments),
      message,
      identifierOf(participant),
      share,
    );
  } catch {
    // The library throws for what is no scalar.
    return false;
  }
}

function tooFew(group: FrostGroup, faults: readonly FrostFault[]): PhalanxError<LedgerErrorCode> {
  const named = faults.map(({ participant, reason }) => `participant ${participant}: ${reason}`);
  const lost = faults.filter(({ kind }) => kind === 'false').length;
  return new PhalanxError('LEDGER_SHARE', `too few participants sign: ${named.join('; ')}`, {
    retryable: group.participants - lost >= group.threshold,
    advice: 'Look after the participants named. One whose share does not verify is broken or lies.',
  });
}
