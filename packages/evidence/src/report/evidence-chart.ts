import { DAY_MS } from '@phalanx/core';
import type { CaseFile } from './case-file.js';
import { sufficientLog10E } from './claim-sentence.js';
import type { Drawing, Shape } from './drawing.js';
import { formatCount, formatDay, formatEffect, formatInstant, formatLog10 } from './figures.js';
import type { Block } from './report-document.js';
import { fitScale } from './scale.js';
import { drawDays } from './time-axis.js';

const TOP = 46;
const BOTTOM = 246;
const LEFT = 50;
/** More rows than that fill pages and say less than the picture. */
const MAX_TABLE_SLOTS = 400;

/** Evidence over time against the threshold; null when the case file holds no series. */
export function evidenceChart(file: CaseFile): Block | null {
  const rows = selectRows(file);
  if (rows.length === 0) return null;
  return {
    kind: 'chart',
    title: 'Evidence over time',
    note: 'Solid: coordination. Dashed: demand. Dotted: the level that suffices for one pool by itself. The upright line is the alarm.',
    draw: (width) => drawEvidence(file, rows, width),
    table: {
      kind: 'table',
      caption: `Evidence at the end of each slot${rows.length > MAX_TABLE_SLOTS ? `, last ${MAX_TABLE_SLOTS} of ${formatCount(rows.length)}` : ''}`,
      columns: [
        { title: 'Slot ends', weight: 3 },
        { title: 'Coordination, log10 e', weight: 2, align: 'right' },
        { title: 'Demand, log10 e', weight: 2, align: 'right' },
        { title: 'Exchanges in the slot', weight: 2, align: 'right' },
      ],
      rows: rows
        .slice(-MAX_TABLE_SLOTS)
        .map((row) => [
          formatInstant(row.atMs),
          formatLog10(row.log10ECoordination),
          formatLog10(row.log10EDemand),
          formatCount(row.exchanges),
        ]),
    },
  };
}

type Row = CaseFile['detection']['evidence'][number];

function selectRows(file: CaseFile): Row[] {
  return file.detection.evidence
    .filter((row) => row.findingId === file.finding.id && Number.isFinite(row.atMs))
    .sort((a, b) => a.atMs - b.atMs);
}

function drawEvidence(file: CaseFile, rows: readonly Row[], width: number): Drawing {
  const { finding } = file;
  const right = width - 14;
  const startMs = Math.min(rows[0]!.atMs, finding.firstExchangeAtMs);
  const endMs = Math.max(rows.at(-1)!.atMs, finding.firstAlarmAtMs, startMs + DAY_MS);
  const x = (atMs: number) => LEFT + ((atMs - startMs) / (endMs - startMs)) * (right - LEFT);
  const enough = sufficientLog10E(file);
  const y = fitScale(
    rows.flatMap((row) => [row.log10ECoordination, row.log10EDemand]),
    enough,
    BOTTOM,
    TOP,
  );
  const shapes: Shape[] = [
    {
      kind: 'text',
      x: 0,
      y: 13,
      text: `log10 e${y.root ? ', square-root scale' : ''}; dotted: ${formatLog10(enough)} suffices`,
      size: 12,
      ink: 'soft',
      anchor: 'start',
    },
  ];
  for (const tick of y.ticks) {
    shapes.push({ kind: 'line', points: across(LEFT, right, y(tick)), ink: 'line', width: 1 });
    shapes.push({
      kind: 'text',
      x: LEFT - 8,
      y: y(tick) + 4,
      text: formatEffect(tick),
      size: 12,
      ink: 'soft',
      anchor: 'end',
    });
  }
  shapes.push({ kind: 'line', points: across(LEFT, right, y(0)), ink: 'soft', width: 1 });
  const alarm = x(finding.firstAlarmAtMs);
  shapes.push({
    kind: 'line',
    points: [
      [alarm, TOP],
      [alarm, BOTTOM],
    ],
    ink: 'ink',
    width: 1,
  });
  // Before its first slot a pool has no evidence: an e-value starts at 1, its log10 at 0.
  const startsAtMs = Math.min(Math.max(startMs, finding.proposedAtMs), rows[0]!.atMs);
  const series = (pick: (row: Row) => number): (readonly [number, number])[] => [
    [x(startsAtMs), y(0)],
    ...rows.map((row) => [x(row.atMs), y(pick(row))] as const),
  ];
  shapes.push({
    kind: 'line',
    points: series((row) => row.log10EDemand),
    ink: 'ink',
    width: 2,
    dash: [7, 4],
  });
  shapes.push({ kind: 'line', points: series((row) => row.log10ECoordination), ink: 'accent', width: 2 });
  shapes.push({
    kind: 'line',
    points: across(LEFT, right, y(enough)),
    ink: 'ink',
    width: 1,
    dash: [2, 4],
  });
  const late = alarm > (LEFT + right) / 2;
  shapes.push({
    kind: 'text',
    x: alarm + (late ? -6 : 6),
    y: TOP - 6,
    text: `alarm, ${formatDay(finding.firstAlarmAtMs)}`,
    size: 12,
    ink: 'ink',
    anchor: late ? 'end' : 'start',
    strong: true,
    halo: true,
  });
  shapes.push(...drawDays(startMs, endMs, { left: LEFT, right, y: BOTTOM }));
  return {
    width,
    height: BOTTOM + 30,
    label: 'Evidence of coordination and of demand over time against the threshold; figures in the table',
    shapes,
  };
}

function across(from: number, to: number, y: number): (readonly [number, number])[] {
  return [
    [from, y],
    [to, y],
  ];
}
