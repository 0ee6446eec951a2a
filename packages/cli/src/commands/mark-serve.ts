import { appendFileSync } from 'node:fs';
import { canonicalJson, listen, PhalanxError, systemClock } from '@phalanx/core';
import { z } from 'zod';
import { type CliErrorCode, ExitCode } from '../cli-error.js';
import { type MarkFlags, openMarkSession } from '../mark-session.js';
import { parseListen, stopSignal, tellFaults, untilAborted } from '../serving.js';
import type { Terminal } from '../terminal.js';
import { readBytes } from './ledger.js';

export interface ServeMarkFlags extends MarkFlags {
  readonly listen: string;
  readonly callers: string;
  readonly questions: string;
}

const Callers = z.array(
  z.strictObject({ name: z.string().min(1).max(256), tokenSha256: z.string().regex(/^[0-9a-f]{64}$/) }),
);

/**
 * `phalanx mark serve`: answers known callers whether a text is marked, in two words, so often and no oftener, until it is asked to end.
 * Every question is kept in a file, without its text.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, and what `openMarkSession` throws
 */
export async function serveMarkCommand(
  profilePath: string,
  flags: ServeMarkFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { collectNgrams, makeDetectionHandler, MAX_QUESTION_BYTES, OracleGuard, testKey } = await import(
    '@phalanx/watermark'
  );
  const address = parseListen(flags.listen);
  const callers = readCallers(flags.callers);
  const { mark, tokenizer } = await openMarkSession(profilePath, flags, terminal);
  const handler = makeDetectionHandler({
    callers,
    guard: new OracleGuard({ clock: systemClock }),
    encode: (text) => tokenizer.encode(text),
    detect: (tokens) => {
      const ngrams = collectNgrams([tokens], mark);
      return testKey(mark, mark.distinct?.(ngrams) ?? ngrams);
    },
    onQuestion: (question) =>
      appendFileSync(flags.questions, `${canonicalJson({ atMs: Date.now(), ...question })}\n`, {
        mode: 0o600,
      }),
  });
  const stop = stopSignal();
  const listener = await listen(handler, {
    ...address,
    maxBodyBytes: MAX_QUESTION_BYTES,
    maxRequests: 4,
    onError: tellFaults(terminal),
  });
  terminal.out(
    flags.json ? `${JSON.stringify({ url: listener.url })}\n` : `serving  ${listener.url}/v1/detections\n`,
  );
  await untilAborted(stop);
  await listener.close();
  return ExitCode.OK;
}

function readCallers(path: string) {
  try {
    return Callers.parse(JSON.parse(Buffer.from(readBytes(path)).toString('utf8')));
  } catch (cause) {
    if (PhalanxError.is(cause)) throw cause;
    throw new PhalanxError<CliErrorCode>('CLI_USAGE', `${path} is no list of callers`, {
      advice: 'Write [{"name": "press", "tokenSha256": "..."}].',
    });
  }
}
