import type { BlackBoxResult, ControlComparison, TestResult } from '@phalanx/black-box';
import { showInvisible } from '@phalanx/core';
import { formatCount } from './figures.js';
import { wrapText } from './terminal.js';

/** A result for a person: verdict, its sentence, and each test with null, effect, what voids it and what was seen. */
export function writeLineage(result: BlackBoxResult, entry: number, columns: number): string {
  const { plan, verdict, statement, receipt, tests, combined } = result;
  const width = Math.max(40, Math.min(columns, 120));
  const wrap = (name: string, text: string) =>
    wrapText(showInvisible(text), width, name.padEnd(12), ' '.repeat(12)).replace(/\n*$/, '\n');
  const lines = [
    `${verdict.toUpperCase()}${combined.standing === 'triage' ? ', triage' : ''}\n`,
    wrapText(showInvisible(statement), width),
    `\nregistered  ${receipt}; result is entry ${formatCount(entry)}\n`,
  ];
  for (const [i, test] of tests.entries()) {
    const planned = plan.tests[i]!;
    lines.push(
      `\n${test.test.padEnd(12)}log10 p ${log10(test.logP)}, log10 e ${log10(test.logE)}, ${formatCount(test.counted)} counted, least possible log10 p ${log10(test.logLeastP)}\n`,
      wrap('effect', `${test.effect.value.toPrecision(3)}: ${test.effect.name}`),
      ...('commitment' in planned ? [`commitment  ${planned.commitment}\n`] : []),
      wrap('null', test.null),
      wrap('voided by', test.voidedBy),
      ...test.cautions.map((caution) => wrap('caution', caution)),
      ...readComparisons(test).map((comparison) => writeComparison(comparison)),
    );
  }
  return lines.join('');
}

function readComparisons(test: TestResult): readonly ControlComparison[] {
  return 'comparisons' in test ? (test.comparisons as readonly ControlComparison[]) : [];
}

function writeComparison({ control, rate, onlySuspect, onlyControl, logHolmP }: ControlComparison): string {
  return `control     agrees ${(100 * rate).toFixed(1)} %; only the suspect ${formatCount(onlySuspect)}, only the control ${formatCount(onlyControl)}; log10 p after Holm ${log10(logHolmP)}  ${showInvisible(control)}\n`;
}

function log10(ln: number): string {
  return (ln / Math.LN10 + 0).toFixed(2);
}
