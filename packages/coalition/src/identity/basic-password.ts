import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { type Clock, fromUtf8, MINUTE_MS } from '@phalanx/core';
import { deny } from './denial.js';
import type { Member } from './member.js';
import { isActive, type MemberDirectory } from './member-directory.js';

/** scrypt (RFC 7914) with 16 MiB. The passwords are drawn at random: what is stored could not be guessed with less either. */
const COST = { N: 2 ** 14, r: 8, p: 1, maxmem: 32 * 1024 * 1024 } as const;
const PREFIX = '$scrypt$ln=14,r=8,p=1$';
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MOST_CHARACTERS = 1_024;

/** Guesses that may fail in a minute, from one address and for one member. */
const GUESSES = { address: 10, member: 20 } as const;
/** Hashes computed at the same time: each takes memory and a thread. */
const MOST_AT_ONCE = 16;
/** How long a password that was right is known without hashing it again: old clients send it with each request. */
const REMEMBER_MS = 5 * MINUTE_MS;
const MOST_REMEMBERED = 1_000;
const MOST_COUNTED = 10_000;

/** A password that nobody has thought of: 192 bits in base64url. The hub hands it out; members choose none. */
export function makePassword(): string {
  return randomBytes(24).toString('base64url');
}

/** The form in which a directory keeps a password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return `${PREFIX}${salt.toString('base64url')}$${(await derive(password, salt)).toString('base64url')}`;
}

/**
 * Checks user names and passwords (RFC 7617) with a limit on guesses. An unknown name costs as much time as a wrong password. The limits are of
 * this process: as many guesses more are possible as there are processes.
 */
export class PasswordGate {
  readonly #members: MemberDirectory;
  readonly #clock: Clock;
  /** Of this process: what is remembered is of no use in another. */
  readonly #cacheKey = randomBytes(32);
  readonly #remembered = new Map<string, { readonly stored: string; readonly untilMs: number }>();
  readonly #failures = new Map<string, number>();
  #minute = 0;
  #running = 0;

  constructor(members: MemberDirectory, clock: Clock) {
    this.#members = members;
    this.#clock = clock;
  }

  /**
   * Who has this name and password.
   *
   * @param credentials what follows `Basic ` in the field `Authorization`
   * @throws PhalanxError `COALITION_IDENTITY` for nobody, a suspended member, or too many guesses
   */
  async check(credentials: string, remoteAddress: string): Promise<Member> {
    const { user, password } = readCredentials(credentials);
    const member = await this.#members.findMember(user);
    const stored = member === null ? null : await this.#members.findPassword(user);
    const cached = createHmac('sha256', this.#cacheKey).update(`${user}\0${password}`).digest('hex');
    if (!this.#isRemembered(cached, stored)) {
      this.#requireGuess(user, remoteAddress);
      const right = await this.#compare(password, stored);
      if (!right || stored === null) {
        this.#countFailure(user, remoteAddress);
        return deny('a wrong name or password');
      }
      this.#remember(cached, stored);
    }
    return isActive(member) ? member : deny('a password of nobody who may do anything');
  }

  #isRemembered(cached: string, stored: string | null): boolean {
    const known = this.#remembered.get(cached);
    return known !== undefined && known.stored === stored && this.#clock.nowMs() < known.untilMs;
  }

  #remember(cached: string, stored: string): void {
    if (this.#remembered.size >= MOST_REMEMBERED)
      this.#remembered.delete(this.#remembered.keys().next().value!);
    this.#remembered.set(cached, { stored, untilMs: this.#clock.nowMs() + REMEMBER_MS });
  }

  #requireGuess(user: string, address: string): void {
    const minute = Math.floor(this.#clock.nowMs() / MINUTE_MS);
    if (minute !== this.#minute) this.#failures.clear();
    this.#minute = minute;
    const count = (key: string) => this.#failures.get(key) ?? 0;
    if (count(`a ${address}`) >= GUESSES.address) deny('too many guesses from an address');
    if (count(`m ${user}`) >= GUESSES.member) deny('too many guesses for a member');
    if (this.#running >= MOST_AT_ONCE) deny('too many guesses at once');
    if (this.#failures.size >= MOST_COUNTED) deny('guesses from too many addresses');
  }

  #countFailure(user: string, address: string): void {
    for (const key of [`a ${address}`, `m ${user}`])
      this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }

  async #compare(password: string, stored: string | null): Promise<boolean> {
    const [salt, hash] = stored?.startsWith(PREFIX)
      ? stored
          .slice(PREFIX.length)
          .split('$')
          .map((part) => Buffer.from(part, 'base64url'))
      : [Buffer.alloc(SALT_BYTES), Buffer.alloc(HASH_BYTES)];
    this.#running++;
    try {
      const found = await derive(password, salt!);
      return hash?.length === HASH_BYTES && timingSafeEqual(found, hash);
    } finally {
      this.#running--;
    }
  }
}

function readCredentials(credentials: string): { user: string; password: string } {
  const bytes = Buffer.from(credentials, 'base64');
  if (credentials.length > MOST_CHARACTERS) return deny('credentials that are too long');
  let text: string;
  try {
    text = fromUtf8(bytes);
  } catch {
    return deny('credentials that are not UTF-8');
  }
  const colon = text.indexOf(':');
  const user = text.slice(0, Math.max(colon, 0));
  // Names of members have no other form, so that a look-alike is nobody.
  return { user: /^[a-z0-9][a-z0-9-]{0,63}$/.test(user) ? user : '', password: text.slice(colon + 1) };
}

function derive(password: string, salt: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, COST, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
