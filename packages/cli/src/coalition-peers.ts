import { fromUtf8, PhalanxError, systemClock } from '@phalanx/core';
import type { KeyRoster, MatchingClient, PeerClient } from '@phalanx/server';
import type { CliErrorCode } from './cli-error.js';
import { type CoalitionIdentity, readCoalitionIdentity } from './coalition-identity.js';
import { readBytes } from './commands/ledger.js';
import { loadConfig } from './config.js';
import type { Terminal } from './terminal.js';

/** How this party reaches others, from settings: by its certificate where it has one, by signing requests where it has not. */
export interface CoalitionPeers {
  readonly identity: CoalitionIdentity;
  readonly hub: PeerClient;
  peerAt(url: string): PeerClient;
  /** Connections that are kept would keep the process. */
  close(): void;
}

/** @throws PhalanxError `CLI_USAGE` when no hub is set; `CLI_FILE`; what `readCoalitionIdentity` throws */
export async function openCoalitionPeers(terminal: Terminal): Promise<CoalitionPeers> {
  const config = loadConfig(terminal.env);
  const { PeerClient, makeSender } = await import('@phalanx/server');
  const { authorizeByCertificate, authorizeBySignature, toClientKey } = await import(
    '@phalanx/coalition/identity'
  );
  if (config['coalition.hub'] === '')
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no hub is set', {
      advice: 'Set coalition.hub in phalanx.toml, or PHALANX_COALITION_HUB.',
    });
  const identity = await readCoalitionIdentity(config['coalition.identity'], terminal);
  const certificate = readPem(config['coalition.certificate']);
  const key = readPem(config['coalition.certificate_key']);
  const ca = readPem(config['coalition.ca']);
  const sender = makeSender({
    ...(ca !== null && { ca }),
    ...(certificate !== null && { certificate }),
    ...(key !== null && { key }),
  });
  const authorize =
    certificate === null
      ? authorizeBySignature(await toClientKey(identity.clientKey))
      : authorizeByCertificate;
  const peerAt = (url: string) => new PeerClient(url, sender, authorize);
  return { identity, hub: peerAt(config['coalition.hub']), peerAt, close: () => sender.close() };
}

/** The roster of key servers. @throws PhalanxError `CLI_USAGE` when none is set; `CLI_FILE`; `COALITION_MATCHING` */
export async function readRoster(terminal: Terminal): Promise<KeyRoster> {
  const path = loadConfig(terminal.env)['coalition.roster'];
  if (path === '')
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no roster of key servers is set', {
      advice: 'Set coalition.roster to the file that all parties agreed on.',
    });
  return (await import('@phalanx/server')).parseKeyRoster(fromUtf8(readBytes(path)));
}

/** A lab's side of private matching. */
export async function openMatchingClient(peers: CoalitionPeers, terminal: Terminal): Promise<MatchingClient> {
  const { MatchingClient } = await import('@phalanx/server');
  const roster = await readRoster(terminal);
  const servers = new Map(roster.servers.map(({ number, url }) => [number, peers.peerAt(url)]));
  return new MatchingClient({
    hub: peers.hub,
    roster,
    serverOf: (number) => servers.get(number)!,
    clock: systemClock,
  });
}

/** A PEM file as text; null for an empty path. @throws PhalanxError `CLI_FILE` */
export function readPem(path: string): string | null {
  return path === '' ? null : fromUtf8(readBytes(path));
}
