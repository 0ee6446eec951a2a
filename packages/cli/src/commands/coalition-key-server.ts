import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { PhalanxError, systemClock, toHex } from '@phalanx/core';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { makeCoalitionData, openCoalitionStore } from '../coalition-data.js';
import { parseJson, publicIdentityOf, readPublicIdentity } from '../coalition-identity.js';
import { openCoalitionPeers, readRoster } from '../coalition-peers.js';
import { planListeners, tickUntilStopped } from '../coalition-serving.js';
import { loadConfig } from '../config.js';
import type { Terminal } from '../terminal.js';

const TICK_MS = 2_000;

/** `phalanx coalition key-server init`: directory and store. Labs are then admitted to it: its register is its own. @throws PhalanxError `CLI_FILE` */
export async function initKeyServerCommand(terminal: Terminal): Promise<ExitCode> {
  const directory = loadConfig(terminal.env)['coalition.data'];
  makeCoalitionData(directory);
  const { store } = await openCoalitionStore(terminal);
  await store.close();
  terminal.out(`${directory}\n`);
  return ExitCode.OK;
}

export interface RosterFlags {
  readonly threshold: string;
  readonly server: string[];
}

/**
 * `phalanx coalition key-server roster`: the file that all parties agree on, from the public files and URLs of key servers, `FILE=URL` each, in order
 * of their numbers. Its digest goes to standard error, to be read out over the telephone.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `COALITION_MATCHING`
 */
export async function makeRosterCommand(flags: RosterFlags, terminal: Terminal): Promise<ExitCode> {
  const { digestOfRoster, parseKeyRoster } = await import('@phalanx/server');
  const servers = flags.server.map((text, i) => {
    const [, file, url] = /^(.+?)=(https?:\/\/.+)$/.exec(text) ?? [];
    if (file === undefined || url === undefined)
      throw usageError(`no key server can be read from ${text}`, 'As key-1.json=https://key-1.example.');
    const { member, signingKey, sealingKey } = readPublicIdentity(file);
    return { number: i + 1, member, url, signingKey, sealingKey };
  });
  const threshold = Number(flags.threshold);
  const roster = parseKeyRoster(JSON.stringify({ type: 'phalanx-key-roster-v1', threshold, servers }));
  terminal.out(`${JSON.stringify(roster, null, 2)}\n`);
  terminal.talk(`digest ${toHex(digestOfRoster(roster))}\n`);
  return ExitCode.OK;
}

/** `phalanx coalition key-server digest`: the digest of a roster, to compare. @throws PhalanxError `CLI_FILE`, `COALITION_MATCHING` */
export async function digestRosterCommand(file: string, terminal: Terminal): Promise<ExitCode> {
  const { digestOfRoster, parseKeyRoster } = await import('@phalanx/server');
  terminal.out(`${toHex(digestOfRoster(parseKeyRoster(JSON.stringify(parseJson(file)))))}\n`);
  return ExitCode.OK;
}

/**
 * `phalanx coalition key-server serve`: takes part in making keys and evaluates for labs, until it is asked to end. Counts go to
 * `evaluations.jsonl` in its directory, before they are answered.
 *
 * @throws PhalanxError `CLI_USAGE`, also when the roster does not name this identity; `CLI_FILE`; `STORE_LOCKED`
 */
export async function serveKeyServerCommand(terminal: Terminal): Promise<ExitCode> {
  const server = await import('@phalanx/server');
  const { authenticate } = await import('@phalanx/coalition/identity');
  const roster = await readRoster(terminal);
  const { store, config, directory } = await openCoalitionStore(terminal);
  const peers = await openCoalitionPeers(terminal);
  const events = openSync(join(directory, 'evaluations.jsonl'), 'a', 0o600);
  try {
    const plan = await planListeners(config, terminal);
    const { member, signingKey, sealingKey } = peers.identity;
    const own = publicIdentityOf(peers.identity);
    const entry = roster.servers.find(
      (one) => one.signingKey === own.signingKey && one.sealingKey === own.sealingKey,
    );
    if (entry?.member !== member)
      throw usageError('the roster does not name this key server', 'Compare it with the other parties.');
    const keyServer = new server.KeyServer({
      roster,
      number: entry.number,
      signingKey,
      sealingKey,
      board: server.openRemoteBoard(peers.hub),
      shares: await server.KeyShareFiles.open(join(directory, 'shares')),
      quotas: store.quotas,
      clock: systemClock,
      log: (event) => {
        writeSync(events, `${JSON.stringify({ atMs: systemClock.nowMs(), ...event })}\n`);
        fsyncSync(events);
      },
    });
    const identity = {
      issuer: plan.publicUrl,
      keys: [],
      clock: systemClock,
      members: store.members,
      nonces: store.nonces(systemClock),
      dpopSecret: new Uint8Array(32),
      log: ({ reason, remoteAddress }: { reason: string; remoteAddress: string }) =>
        terminal.talk(`${JSON.stringify({ refused: reason, from: remoteAddress })}\n`),
    };
    const metrics = new server.Metrics();
    const api = server.makeKeyServerApi(keyServer, {
      authenticate: (request, connection) =>
        authenticate(request, connection, { ...identity, methods: ['mtls', 'signature'] }),
      clock: systemClock,
      onError: plan.onError,
      metrics,
    });
    const operations = server.makeApi(plan.onError);
    server.addOperationRoutes(operations, metrics, async () => keyServer.isReady);
    const listeners = await server.openListeners(plan, {
      main: async (request, connection) => api.fetch(request, { connection }),
      basic: null,
      loopback: async (request, connection) => api.fetch(request, { connection }),
      operations: async (request, connection) => operations.fetch(request, { connection }),
    });
    terminal.out(`${JSON.stringify({ serving: listeners.urls, number: entry.number })}\n`);
    let known = false;
    try {
      await tickUntilStopped(
        async () => {
          const isReady = await keyServer.tick();
          if (isReady !== known) terminal.talk(`${JSON.stringify({ share: isReady })}\n`);
          known = isReady;
        },
        TICK_MS,
        plan.onError,
      );
    } finally {
      await listeners.close();
    }
    return ExitCode.OK;
  } finally {
    closeSync(events);
    peers.close();
    await store.close();
  }
}

function usageError(message: string, advice: string): PhalanxError<CliErrorCode> {
  return new PhalanxError('CLI_USAGE', message, { advice });
}
