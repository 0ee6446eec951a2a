import type { Json } from '@phalanx/core';
import type { CoalitionWorld } from './coalition-world.js';
import { accountsSeen } from './dealt-world.js';
import type { SentMessage } from './transcript.js';

/** What should not have crossed, and where it did. */
export interface Leak {
  readonly what: string;
  readonly message: SentMessage;
}

/** Characters by which a secret is recognised; shorter ones are looked for whole. */
const PROBE = 12;
/** Numbers that messages may hold, by the member that holds them. None is a count of anything of a lab's, or a time finer than a day. */
const NUMBERS = new Set(
  'epoch threshold day place label labels declared number candidate coordination both addresses tokens templates quorum server'.split(
    ' ',
  ),
);
const ADDRESS = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/;
const BASE64 = /^[A-Za-z0-9+/]{16,}={0,2}$/;

/** What must not cross, by its first characters. */
export type Secrets = ReadonlyMap<string, string>;

/** Account ids, organisations, mail domains, cards, devices and prompts of all labs. */
export function collectSecrets(world: CoalitionWorld): Secrets {
  const secrets = new Map<string, string>();
  const add = (what: string, text: string | undefined) => {
    if (text !== undefined && text.length >= PROBE) secrets.set(text.slice(0, PROBE), what);
  };
  for (const parts of world.labs)
    for (const part of parts) {
      const { accounts, columns, size } = part.world;
      for (const account of accountsSeen(part)) {
        const { accountId, organisationId, emailDomain, paymentFingerprint, signupDevice } =
          accounts[account]!;
        add('account', accountId);
        add('organisation', organisationId);
        add('mail domain', emailDomain);
        add('card', paymentFingerprint);
        add('device', signupDevice);
      }
      const prompts = new Set<string>();
      for (let row = 0; row < size; row++) {
        const name = `${columns.source[row]} ${columns.prompt[row]} ${columns.dress[row]}`;
        if (!part.sees(row) || prompts.has(name)) continue;
        prompts.add(name);
        add('prompt', part.world.promptText(row));
      }
    }
  return secrets;
}

/**
 * Looks through messages, and through the bytes of whatever is base64 in them, for secrets and addresses, and for numbers in members that
 * should hold none.
 */
export function findLeaks(secrets: Secrets, messages: readonly SentMessage[]): Leak[] {
  const leaks: Leak[] = [];
  for (const message of messages) {
    const found = new Set<string>();
    const value = JSON.parse(message.text) as Json;
    for (const text of [message.text, ...bytesInside(value)]) {
      for (let at = 0; at + PROBE <= text.length; at++) {
        const what = secrets.get(text.slice(at, at + PROBE));
        if (what !== undefined) found.add(what);
      }
      if (ADDRESS.test(text)) found.add('address');
    }
    for (const member of membersWithNumbers(value, ''))
      if (!NUMBERS.has(member)) found.add(`number in ${member}`);
    for (const what of found) leaks.push({ what, message });
  }
  return leaks;
}

function* bytesInside(value: Json): Generator<string> {
  if (typeof value === 'string' && BASE64.test(value)) yield Buffer.from(value, 'base64').toString('latin1');
  else if (typeof value === 'object' && value !== null)
    for (const inside of Object.values(value)) yield* bytesInside(inside as Json);
}

function* membersWithNumbers(value: Json, member: string): Generator<string> {
  if (typeof value === 'number') yield member;
  else if (Array.isArray(value)) for (const inside of value) yield* membersWithNumbers(inside, member);
  else if (typeof value === 'object' && value !== null)
    for (const [name, inside] of Object.entries(value)) yield* membersWithNumbers(inside as Json, name);
}
