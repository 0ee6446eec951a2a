import { BlockList } from 'node:net';

/** IPv4 that is not for the public (IANA IPv4 Special-Purpose Address Registry), multicast and reserved. */
const CLOSED_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Parts of 2000::/3, the only public IPv6, that lead to IPv4 or nowhere. */
const CLOSED_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const closed = new BlockList();
for (const [net, bits] of CLOSED_V4) closed.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of CLOSED_V6) closed.addSubnet(net, bits, 'ipv6');
const openV6 = new BlockList();
openV6.addSubnet('2000::', 3, 'ipv6');

/** Whether an address is one of the public Internet. Addresses of IPv6 that hold one of IPv4 are none, whatever they hold. */
export function isPublicAddress(address: string, family: 4 | 6): boolean {
  return family === 4
    ? !closed.check(address, 'ipv4')
    : openV6.check(address, 'ipv6') && !closed.check(address, 'ipv6');
}
