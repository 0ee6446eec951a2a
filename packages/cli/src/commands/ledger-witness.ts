import { mkdirSync } from 'node:fs';
import { listen, PhalanxError, showInvisible, systemClock } from '@phalanx/core';
import type { VerifierKey, WitnessedLog } from '@phalanx/ledger';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { parseListen, stopSignal, tellFaults, untilAborted } from '../serving.js';
import { readSigningKey } from '../signing-key.js';
import type { Terminal } from '../terminal.js';

export interface WitnessFlags {
  readonly listen: string;
  readonly name: string;
  readonly key: string;
  readonly log: string[];
  readonly json?: boolean;
}

/**
 * `phalanx ledger witness`: cosigns the checkpoints of other people's logs (tlog-witness) until it is asked to end.
 *
 * @param folder keeps what was cosigned last; it is made when missing
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `LEDGER_KEY`, `LEDGER_KEY_FILE`, `LEDGER_PASSPHRASE`; `LEDGER_LOCKED` while another witness has
 * the folder; `LEDGER_DISK` when a cosigned checkpoint could not be written
 */
export async function witnessCommand(
  folder: string,
  flags: WitnessFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const ledger = await import('@phalanx/ledger');
  const address = parseListen(flags.listen);
  const logs = groupLogs(flags.log.map(ledger.parseVerifierKey), ledger.SignatureType.ED25519);
  const key = await readSigningKey(flags.key, terminal);
  const type = ledger.SignatureType.ED25519_COSIGNATURE;
  const verifierKey = ledger.formatVerifierKey(ledger.makeVerifierKey(flags.name, type, key.publicKey));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const letGo = await ledger.becomeSingleWriter(folder);
  const state = new ledger.FolderDisk(folder);
  const stop = stopSignal();
  const broken = new AbortController();
  try {
    const cosigners = [ledger.makeCosigner(flags.name, type, key, systemClock)];
    const witness = new ledger.Witness({ logs, cosigners, state });
    for (const { origin } of logs)
      if (witness.readCheckpoint(ledger.hashOrigin(origin)) === null)
        terminal.talk(
          `nothing cosigned of ${showInvisible(origin)} yet; if this key did cosign it before, stop: its state is lost\n`,
        );
    const tell = tellFaults(terminal);
    const listener = await listen(ledger.makeWitnessHandler(witness), {
      ...address,
      maxBodyBytes: ledger.MAX_REQUEST_BYTES,
      onError: (error) => {
        if (PhalanxError.is(error, 'LEDGER_DISK')) broken.abort(error);
        else tell(error);
      },
    });
    if (flags.json) terminal.out(`${JSON.stringify({ url: listener.url, key: verifierKey })}\n`);
    else terminal.out(`witness  ${listener.url}\n${verifierKey}\n`);
    await untilAborted(AbortSignal.any([stop, broken.signal]));
    await listener.close();
    broken.signal.throwIfAborted();
    return ExitCode.OK;
  } finally {
    state.close();
    await letGo();
  }
}

/** Keys of one log have its origin as their name. */
function groupLogs(keys: readonly VerifierKey[], type: number): WitnessedLog[] {
  if (keys.length === 0)
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', 'no log to witness', {
      advice: 'Give the verifier key of each: --log name+id+base64.',
    });
  const byOrigin = new Map<string, VerifierKey[]>();
  for (const key of keys) {
    if (key.type !== type)
      throw new PhalanxError<CliErrorCode>('CLI_USAGE', `the key of ${key.keyName} cannot sign a log`);
    byOrigin.set(key.keyName, [...(byOrigin.get(key.keyName) ?? []), key]);
  }
  return [...byOrigin].map(([origin, verifiers]) => ({ origin, verifiers }));
}
