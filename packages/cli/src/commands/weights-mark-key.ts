import { ExitCode } from '../cli-error.js';
import { loadConfig } from '../config.js';
import { logStatement } from '../log-statement.js';
import { readLedgerFile } from '../record-session.js';
import type { Terminal } from '../terminal.js';
import { writeWeightMarkKey } from '../weight-marks.js';
import { type PlanFlags, printPlan, readCount, readPlanSettings } from './weights-plan.js';

export interface WeightMarkKeyFlags extends PlanFlags {
  readonly model: string;
  readonly codeLength?: string;
  readonly amplitude?: string;
  readonly share?: string;
  readonly by: string;
  readonly data?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/**
 * `phalanx weights mark-key`: the key that all copies of a release are marked and traced with, as planned for its model; its digest is logged
 * where the data directory has a log. Exit 1 when the plan is not enough; the key is made all the same.
 *
 * @throws PhalanxError `CLI_USAGE`, `CLI_FILE`, `WEIGHTS_ARGUMENT`, `LEDGER_PASSPHRASE`, and what the log throws
 */
export async function newWeightMarkKeyCommand(
  path: string,
  flags: WeightMarkKeyFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { createMarkKey, digestMarkKey, openWeights, planMarks, surveyCarriers, WEIGHT_MARKS } = await import(
    '@phalanx/weights'
  );
  const config = loadConfig(terminal.env, flags.config);
  const dataDir = flags.data ?? config.data;
  const model = await openWeights(flags.model);
  let survey: Awaited<ReturnType<typeof surveyCarriers>>;
  try {
    survey = await surveyCarriers(model);
  } finally {
    await model.close();
  }
  const plan = planMarks(readPlanSettings(flags, survey.carriers));
  const { codeLength, amplitude, share } = flags;
  const parameters = {
    ...plan.parameters,
    ...(codeLength !== undefined && { codeLength: readCount(codeLength, '--code-length') }),
    ...(amplitude !== undefined && { amplitude: readCount(amplitude, '--amplitude') }),
    ...(share !== undefined && { share: readCount(share, '--share') }),
  };
  const key = createMarkKey(parameters, survey.tensors);
  const keySha256 = digestMarkKey(key);
  await writeWeightMarkKey(path, key, terminal, flags.config);
  const file = readLedgerFile(dataDir);
  const index =
    file === null
      ? null
      : await logStatement(
          { config, dataDir, file, terminal },
          {
            kind: 'mark-key',
            version: 1,
            atMs: Date.now(),
            by: flags.by,
            keyId: keySha256.slice(0, 32),
            scheme: WEIGHT_MARKS,
            keySha256,
            scope: 'copies of one release of weights',
          },
        );
  if (flags.json)
    terminal.out(
      `${JSON.stringify({ file: path, keySha256, parameters, tensors: survey.tensors.length, plan, index })}\n`,
    );
  else {
    printPlan({ ...plan, parameters }, survey.carriers, terminal);
    terminal.out(`${'key'.padEnd(12)}${keySha256}${index === null ? '' : `, entry ${index} of the log`}\n`);
  }
  terminal.talk(
    `Keep ${path}, ${path}.json and the unmarked model where no copy goes: without them nothing can be traced, and whoever has them can remove the marks.\n`,
  );
  return plan.isEnough ? ExitCode.OK : ExitCode.FOUND;
}
