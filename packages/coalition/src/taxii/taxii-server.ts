import { type Clock, PhalanxError, systemClock } from '@phalanx/core';
import { refuse } from '../coalition-error.js';
import type { Caller, MemberRole } from '../identity/member.js';
import { findEndpoint } from './endpoints/register.js';
import { acceptsTaxii } from './media-type.js';
import { type Rate, RateLimit } from './rate-limit.js';
import { answerRefusal } from './taxii-answer.js';
import { TAXII_LIMITS } from './taxii-limits.js';
import { refuseRequest, TaxiiRefusal } from './taxii-refusal.js';
import type { TaxiiHub } from './taxii-request.js';
import { Turns } from './turns.js';

export interface TaxiiServerSettings extends Pick<TaxiiHub, 'store' | 'publicUrl' | 'title' | 'cursorKey'> {
  readonly description?: string;
  readonly contact?: string;
  /** Keys of labs by `kid`, asked for at each POST. Default: signatures are not looked at. */
  readonly findKeys?: TaxiiHub['findKeys'];
  /** Default: makers with keys in `findKeys`. */
  readonly findMakers?: TaxiiHub['findMakers'];
  /** Default: the identity of the member. */
  readonly listAuthors?: TaxiiHub['listAuthors'];
  /** Told of what a POST has brought. A retryable PhalanxError is answered 503. Default: nobody is told. */
  readonly noteTaken?: TaxiiHub['noteTaken'];
  /** `WWW-Authenticate` of a 401, e.g. `Basic realm="hub", charset="UTF-8"`. */
  readonly challenge: string;
  /** Requests that read, of one member. Default: 600 at once, then 20 a second. */
  readonly reads?: Rate;
  /** Requests that write, of one member. Default: 60 at once, then one a second. */
  readonly writes?: Rate;
  readonly clock?: Clock;
}

/** Whatever rights were given to others by mistake: regulators, operators and key servers see no indicator. */
const READERS: ReadonlySet<MemberRole> = new Set(['lab', 'peer-hub']);
const READS: Rate = { burst: 600, perSecond: 20 };
const WRITES: Rate = { burst: 60, perSecond: 1 };

/**
 * A TAXII 2.1 server (OASIS Standard, 10 June 2021) without a socket: who asks has been established by others. Discovery is
 * `/taxii2/`, an API root `/{path}/`. What writes to a collection is worked on one after the other, so that versions of one object
 * cannot fork; that holds within this process, so one process writes.
 */
export class TaxiiServer {
  readonly #hub: TaxiiHub;
  readonly #challenge: string;
  readonly #reads: RateLimit;
  readonly #writes: RateLimit;

  /** @throws PhalanxError `COALITION_TAXII` for a cursor key that has not 32 bytes, or a URL that is none of an origin */
  constructor(settings: TaxiiServerSettings) {
    const {
      store,
      publicUrl,
      title,
      description,
      contact,
      cursorKey,
      findKeys,
      findMakers,
      listAuthors,
      noteTaken,
      clock,
    } = settings;
    if (cursorKey.length !== 32) refuse('COALITION_TAXII', 'the cursor key has not 32 bytes', 'draw it');
    if (!URL.canParse(publicUrl) || publicUrl.endsWith('/')) {
      refuse('COALITION_TAXII', 'the public URL is none', 'give it as https://hub.example');
    }
    this.#hub = {
      store,
      publicUrl,
      title,
      description: description ?? null,
      contact: contact ?? null,
      cursorKey,
      findKeys: findKeys ?? null,
      findMakers: findMakers ?? null,
      listAuthors: listAuthors ?? (async ({ identity }) => new Set([identity])),
      noteTaken: noteTaken ?? null,
      clock: clock ?? systemClock,
      turns: new Turns(),
    };
    this.#challenge = settings.challenge;
    this.#reads = new RateLimit(settings.reads ?? READS);
    this.#writes = new RateLimit(settings.writes ?? WRITES);
  }

  /**
   * Answers a request. Null: whoever asks is not known, and is told how to show it.
   *
   * @throws what the store throws, unless it may be tried again (503)
   */
  async handle(request: Request, caller: Caller | null): Promise<Response> {
    try {
      return await this.#answer(request, caller);
    } catch (error) {
      if (error instanceof TaxiiRefusal) return answerRefusal(error);
      if (!PhalanxError.is(error) || !error.retryable) throw error;
      return answerRefusal(new TaxiiRefusal(503, 'the store is not in reach', { 'retry-after': '5' }));
    }
  }

  async #answer(request: Request, caller: Caller | null): Promise<Response> {
    if (caller === null) {
      return refuseRequest(401, 'who are you?', { 'www-authenticate': this.#challenge });
    }
    if (caller.member.suspendedAtMs !== null) refuseRequest(403, 'the member is suspended');
    if (!caller.member.roles.some((role) => READERS.has(role)))
      refuseRequest(403, 'collections are for labs and other hubs');
    const { pathname, search, searchParams } = new URL(request.url);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const atMs = this.#hub.clock.nowMs();
    this.#slow(method === 'GET' ? this.#reads : this.#writes, caller, atMs);
    const found = findEndpoint(pathname);
    if (found === null) return refuseRequest(404, 'no such endpoint');
    const endpoint = Object.entries(found.methods).find(([name]) => name === method)?.[1];
    if (endpoint === undefined) {
      return refuseRequest(405, 'not this method', { allow: Object.keys(found.methods).join(', ') });
    }
    if (!acceptsTaxii(request.headers.get('accept'))) refuseRequest(406, 'there is TAXII 2.1 only');
    if (search.length > TAXII_LIMITS.queryUnits) refuseRequest(400, 'the query is too long');
    const { headers, body } = request;
    const asked = { hub: this.#hub, caller, names: found.names, query: searchParams, headers, body, atMs };
    const answer = await endpoint(asked);
    return request.method === 'HEAD' ? new Response(null, answer) : answer;
  }

  #slow(rate: RateLimit, { member }: Caller, atMs: number): void {
    const seconds = rate.take(member.id, atMs);
    if (seconds > 0) refuseRequest(429, 'too many requests', { 'retry-after': String(seconds) });
  }
}
