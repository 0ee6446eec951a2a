import { mixPair, type Random } from './random.js';

/** /24 networks of each sort in the simulated Internet. */
const RESIDENTIAL = 40_000;
const MOBILE = 150;
const CLOUD = 120;
const BASE = {
  residential: 0x18000000,
  mobile: 0x64400000,
  cloud: 0x03000000,
  office: 0x50000000,
  campus: 0x80000000,
};

export type NetworkKind = 'home' | 'mobile' | 'cloud' | 'office' | 'campus';

/** Where an account's requests come from. */
export interface NetworkProfile {
  readonly kind: NetworkKind;
  /** Index of the /24 within its sort. */
  readonly net: number;
  readonly salt: number;
}

/** A stranger's network: home lines, carrier NAT shared by many, popular cloud ranges (Zipf). */
export function drawNetwork(random: Random): NetworkProfile {
  const salt = random.uint32();
  const kind = (['home', 'mobile', 'cloud'] as const)[random.weighted([0.52, 0.13, 0.35])]!;
  if (kind === 'home') return { kind, net: random.integer(0, RESIDENTIAL - 1), salt };
  return { kind, net: random.zipf(kind === 'mobile' ? MOBILE : CLOUD), salt };
}

export function drawHome(random: Random): NetworkProfile {
  return { kind: 'home', net: random.integer(0, RESIDENTIAL - 1), salt: random.uint32() };
}

export function drawCloud(random: Random): NetworkProfile {
  return { kind: 'cloud', net: random.zipf(CLOUD), salt: random.uint32() };
}

/** An organisation's or a campus's own address, shared by all who sit behind it. */
export function fixedNetwork(kind: 'office' | 'campus', index: number): NetworkProfile {
  return { kind, net: index, salt: 0 };
}

/**
 * The IPv4 address (as an unsigned integer) in use on this day. A home line gets a new address in its /24 every week or
 * so, in another /24 once in 20 days, and 6 % of its days are spent behind a carrier's NAT; cloud customers move within
 * three ranges; an office keeps one address.
 */
export function addressAt(profile: NetworkProfile, day: number): number {
  const today = Math.floor(day);
  const { kind, salt } = profile;
  let { net } = profile;
  if (kind === 'office' || kind === 'campus') return (BASE[kind] + net * 256 + 7) >>> 0;
  const daily = mixPair(salt, today + 1);
  if (kind === 'home') {
    if (daily % 100 < 6)
      return (BASE.mobile + (mixPair(salt, 77) % MOBILE) * 256 + ((daily >>> 8) % 254)) >>> 0;
    const move = Math.floor((today + (salt % 20)) / 20);
    if (move > 0) net = (net + mixPair(salt, 1000 + move)) % RESIDENTIAL;
    const lease = Math.floor((today + (salt % 7)) / 7);
    return (BASE.residential + net * 256 + 1 + (mixPair(salt, 2000 + lease) % 254)) >>> 0;
  }
  if (kind === 'mobile') return (BASE.mobile + net * 256 + ((daily >>> 8) % 254)) >>> 0;
  if (daily % 10 === 0) net = mixPair(salt, 3000 + (daily % 3)) % CLOUD;
  return (BASE.cloud + net * 256 + 1 + (mixPair(salt, 4000 + net) % 254)) >>> 0;
}

export function formatAddress(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
