import type { StixObject } from '../../stix/stix-object.js';
import { formatMicroseconds } from '../microseconds.js';
import { TAXII_TYPE } from './taxii-exchange.js';

/** How another server keeps to the standard, and how not. */
export interface Manners {
  /** What it gives in one page at most. */
  readonly cap: number;
  /** Answers 500 to a greater `limit`. */
  readonly dreadedLimit: number;
  /**
   * - `cursor`: a place in the list. - `consumed`: forgets a page as it sends it. - `expiring`: valid for three pages.
   * - `ignored`: gives one, and answers it with the first page. - `none`: gives none.
   */
  readonly next: 'cursor' | 'consumed' | 'expiring' | 'ignored' | 'none';
  /** Times in headers: with how many decimals, none, or nonsense. */
  readonly times: 6 | 3 | 0 | 'missing' | 'nonsense';
  /** Whether pages come in the order of addition. Where not, `next` alone leads through them. */
  readonly isOrdered: boolean;
  /** Whether what was added at one time comes in another order each time. */
  readonly shuffles: boolean;
  /** Chance of a fault of each answer: 0 to 1. */
  readonly faults: number;
  readonly contentType: string;
  /** Answers 301 to an address without this at its end. */
  readonly redirects: boolean;
}

/** Something in the collection. */
export interface Added {
  readonly object: StixObject;
  readonly addedUs: number;
}

/** A TAXII collection in this process that makes mistakes, the same ones for the same `draw`. */
export class FaultyServer {
  /** In ascending order of time. */
  readonly added: Added[] = [];
  requests = 0;
  /** As in its manners, until it is mended. */
  faults: number;
  readonly #manners: Manners;
  readonly #draw: () => number;
  readonly #sessions = new Map<string, { left: Added[]; uses: number }>();

  constructor(manners: Manners, draw: () => number) {
    this.#manners = manners;
    this.faults = manners.faults;
    this.#draw = draw;
  }

  readonly transport = async (request: Request): Promise<Response> => {
    this.requests++;
    const { redirects } = this.#manners;
    const url = new URL(request.url);
    if (redirects && !url.searchParams.has('moved')) {
      url.searchParams.set('moved', '1');
      return new Response(null, { status: 301, headers: { location: url.href } });
    }
    const dice = this.#draw() / this.faults;
    if (dice < 0.15) throw new TypeError('fetch failed');
    if (dice < 0.3) return new Response('busy', { status: 503, headers: { 'retry-after': '1' } });
    if (dice < 0.4) return new Response('{"title":"slow down"}', { status: 429 });
    const answer = this.#answer(url);
    // From here on the server has done what it was asked, and nobody hears of it.
    if (dice < 0.55) throw new TypeError('socket hang up');
    if (dice < 0.7) return new Response('oh', { status: 500 });
    if (dice < 0.85) return new Response((await answer.text()).slice(0, -1), { headers: answer.headers });
    if (dice < 1)
      return new Response('<html>maintenance</html>', { headers: { 'content-type': 'text/html' } });
    return answer;
  };

  #answer(url: URL): Response {
    const { next: kind, cap, dreadedLimit, contentType } = this.#manners;
    const limit = Number(url.searchParams.get('limit') ?? cap);
    if (limit > dreadedLimit) return new Response('', { status: 500 });
    const size = Math.min(limit, cap);
    if (url.pathname.endsWith('/manifest/')) return this.#manifest(url.searchParams.get('match[id]')!);
    const name = url.searchParams.get('next');
    let left: Added[];
    if (name !== null && kind !== 'ignored') {
      const session = this.#sessions.get(name);
      if (session === undefined) return new Response('{"title":"next not valid"}', { status: 400 });
      left = session.left;
      if (kind === 'consumed') session.left = left.slice(size);
      if (kind === 'expiring' && ++session.uses > 0) this.#sessions.delete(name);
    } else left = this.#select(url.searchParams.get('added_after'));
    const page = left.slice(0, size);
    const rest = left.slice(size);
    const body: Record<string, unknown> = {};
    if (page.length > 0) body.objects = page.map(({ object }) => object);
    if (rest.length > 0) {
      body.more = true;
      if (kind !== 'none') body.next = this.#keep(name, rest);
    }
    return new Response(JSON.stringify(body), {
      headers: { 'content-type': contentType, ...this.#times(page) },
    });
  }

  #keep(name: string | null, rest: Added[]): string {
    const { next: kind } = this.#manners;
    if (kind === 'consumed' && name !== null) return name;
    const fresh = `n${this.#sessions.size}${this.#draw()}`;
    // Valid for three pages, then the list has to be asked anew.
    const isLast = kind === 'expiring' && this.#draw() < 0.3;
    if (!isLast) this.#sessions.set(fresh, { left: rest, uses: 0 });
    return fresh;
  }

  #select(afterText: string | null): Added[] {
    const found = this.added.filter(
      ({ addedUs }) => afterText === null || formatMicroseconds(addedUs) > afterText,
    );
    const { isOrdered, shuffles } = this.#manners;
    const order = new Map(found.map((one) => [one, this.#draw()]));
    if (!isOrdered) return found.sort((a, b) => order.get(a)! - order.get(b)!);
    if (!shuffles) return found;
    return found.sort((a, b) => a.addedUs - b.addedUs || order.get(a)! - order.get(b)!);
  }

  #times(page: readonly Added[]): Record<string, string> {
    const { times } = this.#manners;
    if (times === 'missing' || page.length === 0) return {};
    const print = (us: number): string => {
      if (times === 'nonsense') return 'yesterday';
      const text = formatMicroseconds(us);
      return times === 0
        ? text.replace(/\.[0-9]+/, '')
        : text.replace(/([0-9]+)Z$/, (all) => `${all.slice(0, times)}Z`);
    };
    const all = page.map(({ addedUs }) => addedUs);
    return {
      'x-taxii-date-added-first': print(Math.min(...all)),
      'X-TAXII-Date-Added-Last': print(Math.max(...all)),
    };
  }

  #manifest(ids: string): Response {
    const records = this.added
      .filter(({ object }) => ids.split(',').includes(object.id))
      .map(({ object, addedUs }) => ({
        id: object.id,
        date_added: formatMicroseconds(addedUs),
        version: object.modified,
      }));
    return new Response(JSON.stringify({ objects: records }), { headers: { 'content-type': TAXII_TYPE } });
  }
}
