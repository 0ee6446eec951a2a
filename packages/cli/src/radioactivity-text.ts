import { showInvisible } from '@phalanx/core';
import type { ModelFigures, RadioactivityResult } from '@phalanx/watermark';
import { formatCount } from './figures.js';
import { wrapText } from './terminal.js';

/** A result for a person: the verdict, its sentence, and the figures of suspect and controls in one table. */
export function writeRadioactivity(result: RadioactivityResult, entry: number, columns: number): string {
  const { verdict, statement, receipt, suspect, controls, decoys, imprint } = result;
  const width = Math.max(40, Math.min(columns, 120));
  const lines = [
    `${verdict.toUpperCase()}\n`,
    wrapText(showInvisible(statement), width),
    `\nregistered  ${receipt}; result is entry ${formatCount(entry)}\n`,
    writeModel('suspect', suspect),
    ...controls.map((control) => writeModel('control', control)),
  ];
  if (decoys !== null)
    lines.push(
      `decoy keys  ${decoys.atMost1} of ${decoys.tried} with p <= 0.01: ${decoys.calibrated ? 'as chance has it' : 'more than chance'}\n`,
    );
  if (imprint !== null)
    lines.push(
      `imprint     ${percent(imprint.estimate)}, ${percent(imprint.lower)} to ${percent(imprint.upper)} at ${percent(imprint.confidence)}: near the share of marked training text where the mark's context is one token, else a rank among suspects\n`,
    );
  return lines.join('');
}

function writeModel(role: string, { model, logP, scored, asked, closed, open }: ModelFigures): string {
  const log10 = (ln: number) => (ln / Math.LN10).toFixed(2);
  const excess = closed === null ? (open?.massExcess ?? 0) : closed.excess;
  const contrast = open?.contrast ?? null;
  const extra =
    contrast === null
      ? ''
      : `, contrast ${((contrast.score - contrast.mean) / (contrast.deviation || 1)).toFixed(1)} deviations`;
  return `${role.padEnd(11)} log10 p ${log10(logP)}, excess ${excess.toFixed(4)}, ${formatCount(scored)} scored of ${formatCount(asked)} questions${extra}  ${showInvisible(model)}\n`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
