import { DAY_MS } from '@phalanx/core';
import type { Account } from '@phalanx/domain';
import { addressAt, formatAddress, type NetworkProfile } from './network-pool.js';
import type { Random } from './random.js';

const FREEMAIL = [
  'gmail.com',
  'outlook.com',
  'yahoo.com',
  'icloud.com',
  'proton.me',
  'qq.com',
  '163.com',
  'gmx.net',
  'hotmail.com',
  'mail.ru',
];

export type SignUp = Omit<Account, 'accountId'>;

/** Sign-up facts that several accounts have in common, by right or not. */
export interface SharedSignUp {
  readonly organisationId?: string;
  readonly paymentFingerprint?: string;
  readonly signupDevice?: string;
  readonly emailDomain?: string;
  readonly programme?: string;
}

/** An opaque identifier of 64 random bits. */
export function drawToken(random: Random, prefix: string): string {
  const hex = (n: number) => n.toString(16).padStart(8, '0');
  return `${prefix}${hex(random.uint32())}${hex(random.uint32())}`;
}

/**
 * A stranger's sign-up: on average 200 days before the world starts (6 % inside its first 80 %), a free-mail
 * domain (58 %) or an own one, one card (7 % prepaid, no fingerprint), one device; 3 % education, 1 % start-up and
 * 0.5 % research programme. `shared` overrides.
 */
export function drawSignUp(
  random: Random,
  network: NetworkProfile,
  span: { readonly startMs: number; readonly days: number },
  shared: SharedSignUp = {},
): SignUp {
  const ageDays = random.chance(0.06) ? -random.uniform() * 0.8 * span.days : random.exponential(200);
  const card = drawToken(random, 'card-');
  const prepaid = random.chance(0.07);
  const programme = ['', 'education', 'startup', 'research'][random.weighted([0.955, 0.03, 0.01, 0.005])]!;
  const own = `${drawToken(random, 'x').slice(0, 9)}.example`;
  const facts: SignUp = {
    createdAtMs: Math.max(0, Math.floor(span.startMs - ageDays * DAY_MS)),
    signupIp: formatAddress(addressAt(network, -ageDays)),
    signupDevice: drawToken(random, 'dev-'),
    emailDomain: random.chance(0.58) ? FREEMAIL[random.zipf(FREEMAIL.length)]! : own,
  };
  if (!prepaid) facts.paymentFingerprint = card;
  if (programme !== '') facts.programme = programme;
  return { ...facts, ...shared };
}
