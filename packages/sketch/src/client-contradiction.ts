import type { Exchange } from '@phalanx/domain';

/** In what a client's account of itself disagrees. */
export type ClientContradiction =
  /** Two headers name different operating systems. */
  | 'header-platform'
  /** The headers name one operating system, the system prompt or first message another. */
  | 'text-platform'
  /** Headers of one SDK language with the user agent or runtime of another. */
  | 'language'
  /** `x-stainless-runtime-version` and the user agent name different major versions of Node. */
  | 'runtime-version'
  /** `x-stainless-package-version` and the user agent name different SDK versions. */
  | 'package-version';

type Platform = 'mac' | 'windows' | 'linux';

/** UTF-16 units of each text that are searched; agents state their environment at the start. */
const SEARCHED_UNITS = 16_384;

/** Every repetition is bounded: the text is a stranger's and the engine backtracks. */
const STATED =
  /\b(?:platform|os version|os|operating system)\b["'*]{0,2}\s{0,4}[:=]\s{0,4}["'*]{0,2}\s{0,4}(darwin|mac ?os|os x|windows|win32|linux|ubuntu|debian)/gi;
const MAC_PATH = /(?:^|[\s"'`(=[,])\/Users\/[\w.-]/;
const LINUX_PATH = /(?:^|[\s"'`(=[,])\/home\/[\w.-]/;
const WINDOWS_PATH = /(?:^|[\s"'`(=[,])[A-Za-z]:\\[\w.-]/;

/**
 * Finds the first contradiction between client headers, or between headers and the environment that the texts state.
 * Relays stamp one stored header set on everybody's requests, which is when this happens; it also happens honestly to
 * people who paste another machine's paths or develop for another platform, so it is a clue and never a proof.
 * A text that states several platforms contradicts nothing.
 */
export function findContradiction(
  client: Exchange['client'],
  texts: readonly string[],
): ClientContradiction | null {
  if (client === undefined) return null;
  const found = readHeaders(client);
  if (found.contradiction !== null) return found.contradiction;
  if (found.claimed !== null) {
    const named = findTextPlatforms(texts);
    if (named.size === 1 && !named.has(found.claimed)) return 'text-platform';
  }
  return null;
}

/** What the headers alone come to: a contradiction, or the one platform that they claim. */
interface HeaderReading {
  readonly contradiction: ClientContradiction | null;
  readonly claimed: Platform | null;
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
/** Readings of bare user agents: a few hundred make up a day's traffic, and each costs seven regular expressions. */
const agents = new Map<string, HeaderReading>();
const MAX_AGENTS = 4096;

function readHeaders({ headers, userAgent }: NonNullable<Exchange['client']>): HeaderReading {
  if (headers !== undefined) return checkHeaders(headers, userAgent ?? headers['user-agent'] ?? '');
  const agent = userAgent ?? '';
  let reading = agents.get(agent);
  if (reading === undefined) {
    reading = checkHeaders(NO_HEADERS, agent);
    if (agents.size >= MAX_AGENTS) agents.clear();
    agents.set(agent, reading);
  }
  return reading;
}

function checkHeaders(headers: Readonly<Record<string, string>>, agent: string): HeaderReading {
  const stated = new Set<Platform>();
  for (const claim of [headers['x-stainless-os'], headers['sec-ch-ua-platform'], agent]) {
    const platform = readPlatform(claim);
    if (platform !== null) stated.add(platform);
  }
  const contradiction =
    stated.size > 1
      ? 'header-platform'
      : contradictsLanguage(headers, agent)
        ? 'language'
        : contradictsRuntime(headers, agent)
          ? 'runtime-version'
          : contradictsPackage(headers, agent)
            ? 'package-version'
            : null;
  const [claimed] = stated;
  return { contradiction, claimed: claimed ?? null };
}

function readPlatform(claim: string | undefined): Platform | null {
  if (claim === undefined || /android|iphone|ipad|\bios\b|cros/i.test(claim)) return null;
  if (/mac ?os|macintosh|darwin|os x/i.test(claim)) return 'mac';
  if (/windows|win32/i.test(claim)) return 'windows';
  if (/linux|x11|ubuntu|debian/i.test(claim)) return 'linux';
  return null;
}

/** An explicit statement outweighs paths, which may be quoted from anywhere. */
function findTextPlatforms(texts: readonly string[]): Set<Platform> {
  const stated = new Set<Platform>();
  const paths = new Set<Platform>();
  for (const whole of texts) {
    const text = whole.length > SEARCHED_UNITS ? whole.slice(0, SEARCHED_UNITS) : whole;
    if (/platform|\bos\b|operating system/i.test(text))
      for (const [, name] of text.matchAll(STATED)) stated.add(readPlatform(name)!);
    if (text.includes('/Users/') && MAC_PATH.test(text)) paths.add('mac');
    if (text.includes('/home/') && LINUX_PATH.test(text)) paths.add('linux');
    if (text.includes(':\\') && WINDOWS_PATH.test(text)) paths.add('windows');
  }
  return stated.size > 0 ? stated : paths;
}

function contradictsLanguage(headers: Readonly<Record<string, string>>, agent: string): boolean {
  const claims = new Set<string>();
  const language = headers['x-stainless-lang']?.toLowerCase();
  if (language === 'js' || language === 'python') claims.add(language);
  const runtime = headers['x-stainless-runtime']?.toLowerCase() ?? '';
  if (/^(?:node|deno|bun|browser|edge)/.test(runtime)) claims.add('js');
  if (/python|pypy/.test(runtime)) claims.add('python');
  const sdk = /\b(?:async)?(?:openai|anthropic)\/(js|python)\b/i.exec(agent)?.[1]?.toLowerCase();
  if (sdk !== undefined) claims.add(sdk);
  return claims.size > 1;
}

function contradictsRuntime(headers: Readonly<Record<string, string>>, agent: string): boolean {
  if (headers['x-stainless-runtime']?.toLowerCase() !== 'node') return false;
  const header = /^v?(\d+)\./.exec(headers['x-stainless-runtime-version'] ?? '')?.[1];
  const stated = /\bnode(?:\.js)?[/ ]v?(\d+)\./i.exec(agent)?.[1];
  return header !== undefined && stated !== undefined && header !== stated;
}

function contradictsPackage(headers: Readonly<Record<string, string>>, agent: string): boolean {
  const header = headers['x-stainless-package-version'];
  const stated = /\b(?:async)?(?:openai|anthropic)\/(?:js|python) v?([\w.+-]+)/i.exec(agent)?.[1];
  return header !== undefined && stated !== undefined && header !== stated;
}
