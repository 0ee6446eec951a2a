import type { CaseFile } from './case-file.js';
import type { Drawing, Shape } from './drawing.js';
import { formatDuration, formatInstant } from './figures.js';
import type { Block } from './report-document.js';

/** Something that happened at one time. */
export interface Milestone {
  readonly atMs: number;
  readonly what: string;
}

/** What happened when, in the order of time: conduct, detection, log, stamp, report. */
export function listMilestones(file: CaseFile): Milestone[] {
  const { finding, log, detection, preRegistration } = file;
  const named: (Milestone | false)[] = [
    { atMs: finding.firstExchangeAtMs, what: 'First exchange of these accounts' },
    { atMs: finding.proposedAtMs, what: 'Found: the accounts were first proposed as one pool' },
    { atMs: finding.firstAlarmAtMs, what: 'Alarm: the evidence first sufficed' },
    finding.kindAlarmAtMs !== undefined &&
      finding.kindAlarmAtMs > finding.firstAlarmAtMs && {
        atMs: finding.kindAlarmAtMs,
        what: 'The evidence first sufficed for this kind of finding',
      },
    { atMs: detection.ranAtMs, what: 'The detection run that reports it was made' },
    log.finding !== null && { atMs: log.finding.atMs, what: 'Logged: the finding was appended to the log' },
    { atMs: log.checkpointAtMs, what: 'The log signed the checkpoint of this bundle' },
    log.timestamp !== null && { atMs: log.timestamp.atMs, what: 'Stamped by a timestamp authority' },
    preRegistration !== null && {
      atMs: preRegistration.atMs,
      what: 'Hypothesis and threshold were fixed in the log',
    },
    { atMs: file.madeAtMs, what: 'This report was made' },
  ];
  return named
    .filter((entry) => entry !== false)
    .map((entry, i) => ({ ...entry, i }))
    .sort((a, b) => a.atMs - b.atMs || a.i - b.i)
    .map(({ atMs, what }) => ({ atMs, what }));
}

/** The milestones as a picture and a table. */
export function milestonesChart(file: CaseFile): Block {
  const milestones = listMilestones(file);
  return {
    kind: 'chart',
    title: 'When things happened',
    note: 'From top to bottom; distances are not to scale. Between two points stands the time that passed.',
    draw: (width) => drawMilestones(milestones, width),
    table: {
      kind: 'table',
      caption: 'Times in UTC',
      columns: [
        { title: 'Time', weight: 2 },
        { title: 'Event', weight: 5 },
      ],
      rows: milestones.map(({ atMs, what }) => [formatInstant(atMs), what]),
    },
  };
}

const ROW = 44;

function drawMilestones(milestones: readonly Milestone[], width: number): Drawing {
  const narrow = width < 500;
  const row = narrow ? ROW + 14 : ROW;
  // Wide: date, line, words. Narrow: the date over the words.
  const x = narrow ? 8 : 170;
  const shapes: Shape[] = [];
  for (const [i, { atMs, what }] of milestones.entries()) {
    const y = 14 + i * row;
    const next = milestones[i + 1];
    if (next !== undefined) {
      shapes.push({
        kind: 'line',
        points: [
          [x, y],
          [x, y + row],
        ],
        ink: 'line',
        width: 2,
      });
      const gap = next.atMs - atMs;
      if (gap > 0)
        shapes.push({
          kind: 'text',
          x: x + 16,
          y: y + (narrow ? 38 : 26),
          text: formatDuration(gap),
          size: 11,
          ink: 'soft',
          anchor: 'start',
        });
    }
    const date: Shape = {
      kind: 'text',
      x: narrow ? x + 16 : x - 16,
      y: narrow ? y - 3 : y + 4,
      text: formatInstant(atMs),
      size: 12,
      ink: 'soft',
      anchor: narrow ? 'start' : 'end',
    };
    shapes.push(date, {
      kind: 'text',
      x: x + 16,
      y: narrow ? y + 14 : y + 4,
      text: what,
      size: narrow ? 12 : 13,
      ink: 'ink',
      anchor: 'start',
    });
    shapes.push({ kind: 'circle', x, y, radius: 4.5, fill: 'accent', stroke: 'accent' });
  }
  return {
    width,
    height: 28 + Math.max(0, milestones.length - 1) * row,
    label: 'Events in the order of time; the same times are in the table',
    shapes,
  };
}
