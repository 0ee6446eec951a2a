import { isIPv4, isIPv6 } from 'node:net';
import type { Exchange } from '@phalanx/domain';

/** Parameters that shape sampling; everything else (metadata, user, ...) says nothing about how one samples. */
export const SAMPLING_PARAMETERS: readonly string[] = [
  'frequency_penalty',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'n',
  'presence_penalty',
  'reasoning_effort',
  'seed',
  'stop',
  'temperature',
  'top_k',
  'top_p',
];

/** Headers of the SDK family that change from call to call of one client. */
const VOLATILE = /^x-stainless-(?:retry-count|helper|poll-helper|custom-poll)/;

/**
 * Canonical JSON (RFC 8785; the names above are in its order) of the sampling parameters. A seed counts by presence
 * only: clients draw a new one each time. '' when the source did not give parameters.
 */
export function describeParameters(parameters: Exchange['parameters']): string {
  if (parameters === undefined) return '';
  const kept: Record<string, unknown> = {};
  for (const name of SAMPLING_PARAMETERS) {
    const value = parameters[name];
    if (value !== undefined) kept[name] = name === 'seed' ? value !== null : value;
  }
  return JSON.stringify(kept);
}

/** User agent and `x-stainless-*` headers, one a line, sorted by name, volatile ones left out. '' when there is none. */
export function describeClient(client: Exchange['client']): string {
  if (client === undefined) return '';
  const lines: string[] = [];
  const agent = client.userAgent ?? client.headers?.['user-agent'];
  if (agent !== undefined) lines.push(`user-agent: ${agent}`);
  const headers = client.headers;
  if (headers !== undefined)
    for (const name in headers)
      if (name.startsWith('x-stainless-') && !VOLATILE.test(name)) lines.push(`${name}: ${headers[name]}`);
  return lines.sort().join('\n');
}

/**
 * The network an address lies in: "192.0.2.0/24" for IPv4 (IPv4-mapped IPv6 too), "2001:db8:1::/48" for IPv6; '' for
 * an absent or malformed address.
 */
export function describeNetwork(ip: string | undefined): string {
  if (ip === undefined) return '';
  const address = ip.startsWith('::ffff:') && isIPv4(ip.slice(7)) ? ip.slice(7) : ip;
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (!isIPv6(address)) return '';
  const groups = expandGroups(address.split('%')[0]!);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return `${groups[6]! >> 8}.${groups[6]! & 255}.${groups[7]! >> 8}.0/24`;
  return `${groups
    .slice(0, 3)
    .map((group) => group.toString(16))
    .join(':')}::/48`;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function expandGroups(address: string): number[] {
  const [left, right] = address.split('::').map(readGroups);
  if (right === undefined) return left!;
  return [...left!, ...new Array<number>(8 - left!.length - right.length).fill(0), ...right];
}

function readGroups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a, b, c, d] = group.split('.').map(Number);
    return [a! * 256 + b!, c! * 256 + d!];
  });
}
