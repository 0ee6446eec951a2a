import type { InternTable } from './intern-table.js';
import { hashString, type Random } from './random.js';

/** What a request says about the program that sent it. */
export interface Client {
  readonly userAgent: string;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The operating system the headers claim, or '' when they do not say. */
  readonly os: string;
}

interface ClientFamily {
  readonly name: string;
  /** Adoption among customers. */
  readonly share: number;
  readonly language: '' | 'python' | 'js' | 'go' | 'java';
  readonly major: string;
  readonly firstMinor: number;
  /** Days between releases. */
  readonly cadence: number;
}

const FAMILIES: readonly ClientFamily[] = [
  { name: 'OpenAI/Python', share: 0.27, language: 'python', major: '1', firstMinor: 88, cadence: 3 },
  { name: 'OpenAI/JS', share: 0.13, language: 'js', major: '5', firstMinor: 8, cadence: 4 },
  { name: 'Anthropic/Python', share: 0.1, language: 'python', major: '0', firstMinor: 57, cadence: 6 },
  { name: 'Anthropic/JS', share: 0.08, language: 'js', major: '0', firstMinor: 55, cadence: 6 },
  { name: 'claude-cli', share: 0.1, language: 'js', major: '1.0', firstMinor: 57, cadence: 1.5 },
  { name: 'litellm', share: 0.06, language: 'python', major: '1', firstMinor: 72, cadence: 5 },
  { name: 'langchain', share: 0.06, language: 'python', major: '0.3', firstMinor: 20, cadence: 9 },
  { name: 'python-requests', share: 0.05, language: '', major: '2', firstMinor: 31, cadence: 90 },
  { name: 'python-httpx', share: 0.03, language: '', major: '0', firstMinor: 27, cadence: 60 },
  { name: 'axios', share: 0.04, language: '', major: '1', firstMinor: 7, cadence: 30 },
  { name: 'Go-http-client', share: 0.03, language: '', major: '2', firstMinor: 0, cadence: 9999 },
  { name: 'curl', share: 0.02, language: '', major: '8', firstMinor: 5, cadence: 60 },
  { name: 'OpenAI/Go', share: 0.02, language: 'go', major: '1', firstMinor: 4, cadence: 12 },
  { name: 'Mozilla/5.0 LibreChat', share: 0.01, language: '', major: '0.7', firstMinor: 5, cadence: 40 },
];
const SHARES = FAMILIES.map((family) => family.share);

const RUNTIMES: Record<string, readonly string[]> = {
  python: ['3.10.14', '3.11.9', '3.11.11', '3.12.3', '3.12.7', '3.13.1'],
  js: ['v18.20.4', 'v20.11.1', 'v20.19.2', 'v22.11.0', 'v22.14.0'],
  go: ['go1.22.5', 'go1.23.4', 'go1.24.1'],
  java: ['17.0.12', '21.0.4'],
};
export const OPERATING_SYSTEMS = ['Linux', 'MacOS', 'Windows'] as const;

/** One installation of a client: what it is, and how soon it follows releases. */
export interface ClientProfile {
  readonly family: number;
  readonly os: string;
  readonly arch: string;
  readonly runtime: string;
  /** Days behind a release; infinite for an installation that is never upgraded. */
  readonly lagDays: number;
  /** Release in use at day 0 of an installation that is never upgraded. */
  readonly pinned: number;
}

/** Draws an installation: a family by adoption, a third of them never upgraded, the rest a week behind on average. */
export function drawClientProfile(random: Random): ClientProfile {
  const family = random.weighted(SHARES);
  const os = OPERATING_SYSTEMS[random.weighted([0.55, 0.28, 0.17])]!;
  const runtimes = RUNTIMES[FAMILIES[family]!.language] ?? [''];
  return {
    family,
    os,
    arch: random.chance(os === 'MacOS' ? 0.85 : 0.15) ? 'arm64' : 'x64',
    runtime: random.choice(runtimes),
    lagDays: random.chance(0.33) ? Number.POSITIVE_INFINITY : random.exponential(7),
    pinned: random.integer(-20, 0),
  };
}

/**
 * The stock header sets of a relay: few, old and frozen; the relay writes the one it stored for an account onto every
 * request of it, whatever the customer behind really runs.
 */
export function drawRelayProfile(random: Random, variants: number, seed: string): ClientProfile {
  const variant = random.integer(1, variants);
  const h = hashString(seed, variant);
  return {
    family: 4,
    os: OPERATING_SYSTEMS[h % 3]!,
    arch: 'x64',
    runtime: RUNTIMES.js![(h >>> 4) % 5]!,
    lagDays: Number.POSITIVE_INFINITY,
    pinned: -((h >>> 8) % 12),
  };
}

/** Number of the client that this installation shows on this day of the world. */
export function clientAt(profile: ClientProfile, day: number, table: InternTable<Client>): number {
  const family = FAMILIES[profile.family]!;
  const releases =
    profile.lagDays === Number.POSITIVE_INFINITY
      ? profile.pinned
      : Math.floor((day - profile.lagDays) / family.cadence);
  const minor = Math.max(0, family.firstMinor + 20 + releases);
  const version = family.major.includes('.') ? `${family.major}.${minor}` : `${family.major}.${minor}.0`;
  const key = `${profile.family} ${version} ${profile.os} ${profile.arch} ${profile.runtime}`;
  return table.intern(key, () => describe(family, version, profile));
}

function describe(family: ClientFamily, version: string, profile: ClientProfile): Client {
  const userAgent =
    family.name === 'claude-cli' ? `claude-cli/${version} (external, cli)` : `${family.name}/${version}`;
  if (family.language === '') return { userAgent, headers: {}, os: '' };
  const headers = {
    'x-stainless-lang': family.language,
    'x-stainless-package-version': version,
    'x-stainless-os': profile.os,
    'x-stainless-arch': profile.arch,
    'x-stainless-runtime':
      family.language === 'js' ? 'node' : family.language === 'python' ? 'CPython' : family.language,
    'x-stainless-runtime-version': profile.runtime,
  };
  return { userAgent, headers, os: profile.os };
}
