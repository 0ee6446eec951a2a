import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExitCode } from '../cli-error.js';
import { HUB_SECRETS, makeCoalitionData, openCoalitionStore } from '../coalition-data.js';
import { readRoster } from '../coalition-peers.js';
import { planListeners, tickUntilStopped } from '../coalition-serving.js';
import { loadConfig } from '../config.js';
import { writeNewFile } from '../new-file.js';
import { readLedgerFile, withRecord } from '../record-session.js';
import type { Terminal } from '../terminal.js';

const HUB_KEY = 'hub.key';
const TICK_MS = 30_000;

/** `phalanx coalition hub init`: directory, secrets and store of a hub. @throws PhalanxError `CLI_FILE` when it is there */
export async function initHubCommand(terminal: Terminal): Promise<ExitCode> {
  const directory = loadConfig(terminal.env)['coalition.data'];
  makeCoalitionData(directory);
  const { privateKey } = generateKeyPairSync('ed25519');
  writeNewFile(
    join(directory, HUB_KEY),
    privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    0o600,
  );
  const { store } = await openCoalitionStore(terminal);
  await store.close();
  terminal.out(`${directory}\n`);
  return ExitCode.OK;
}

/**
 * `phalanx coalition hub serve`: the hub, until it is asked to end. Where its directory has a log, receipts go there too.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `STORE_LOCKED`, `COALITION_IDENTITY` for listeners that may not be
 */
export async function serveHubCommand(terminal: Terminal): Promise<ExitCode> {
  const { openHub, openListeners } = await import('@phalanx/server');
  const { EpochKeys } = await import('@phalanx/store/control');
  const { toClientKey } = await import('@phalanx/coalition/identity');
  const { store, config, directory } = await openCoalitionStore(terminal);
  try {
    const plan = await planListeners(config, terminal);
    const [cursorKey, dpopSecret] = HUB_SECRETS.map(
      (name) => new Uint8Array(readFileSync(join(directory, name))),
    );
    const hub = openHub({
      store,
      epochKeys: await EpochKeys.open(join(directory, 'epoch-keys')),
      publicUrl: plan.publicUrl,
      title: config['coalition.title'],
      identityKeys: [await toClientKey(readFileSync(join(directory, HUB_KEY), 'utf8'))],
      cursorKey: cursorKey!,
      dpopSecret: dpopSecret!,
      roster: config['coalition.roster'] === '' ? null : await readRoster(terminal),
      matchingThreshold: config['coalition.threshold'],
      onRefusal: ({ reason, remoteAddress }) =>
        terminal.talk(`${JSON.stringify({ refused: reason, from: remoteAddress })}\n`),
      onError: plan.onError,
    });
    const serve = async (carry: () => Promise<void>) => {
      await hub.tick();
      await carry();
      const listeners = await openListeners(plan, {
        main: hub.handlerFor(['mtls', 'access-token', 'signature']),
        basic: hub.handlerFor(['basic']),
        loopback: hub.handlerFor(['access-token', 'signature']),
        operations: hub.operations,
      });
      terminal.out(`${JSON.stringify({ serving: listeners.urls })}\n`);
      const tick = async () => {
        await hub.tick();
        await carry();
      };
      try {
        await tickUntilStopped(tick, TICK_MS, plan.onError);
      } finally {
        await listeners.close();
        await carry();
      }
    };
    const file = readLedgerFile(directory);
    if (file === null) {
      terminal.talk(
        'no log in the data directory: receipts stand in the database alone (phalanx ledger init)\n',
      );
      await serve(async () => undefined);
    } else {
      const { openHubLog } = await import('../hub-log.js');
      await withRecord(directory, file, config, terminal, ({ telemetry }) =>
        serve(openHubLog(store.statements, telemetry)),
      );
    }
    return ExitCode.OK;
  } finally {
    await store.close();
  }
}
