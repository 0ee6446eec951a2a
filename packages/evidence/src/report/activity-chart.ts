import { DAY_MS } from '@phalanx/core';
import type { CaseFile } from './case-file.js';
import type { Drawing, Shape } from './drawing.js';
import { formatCount, formatDay } from './figures.js';
import type { Block } from './report-document.js';
import { fitScale } from './scale.js';
import { drawDays } from './time-axis.js';

const TOP = 28;
const BOTTOM = 148;
const LEFT = 50;
/** Above this many days a table of days says less than the picture, and would fill pages. */
const MAX_TABLE_DAYS = 400;

/** Exchanges of the pool day by day; null when the case file holds none. */
export function activityChart(file: CaseFile): Block | null {
  const days = [...file.activity].sort((a, b) => a.dayMs - b.dayMs);
  if (days.length === 0) return null;
  return {
    kind: 'chart',
    title: 'Exchanges of the pool a day',
    note: `All ${formatCount(file.accounts.length)} accounts together, by UTC day. The upright line is the alarm.`,
    draw: (width) => drawActivity(file, days, width),
    table: {
      kind: 'table',
      caption:
        days.length > MAX_TABLE_DAYS
          ? `Exchanges a day, first ${MAX_TABLE_DAYS} of ${formatCount(days.length)} days`
          : 'Exchanges a day',
      columns: [
        { title: 'Day', weight: 3 },
        { title: 'Exchanges', weight: 2, align: 'right' },
      ],
      rows: days
        .slice(0, MAX_TABLE_DAYS)
        .map(({ dayMs, exchanges }) => [formatDay(dayMs), formatCount(exchanges)]),
    },
  };
}

function drawActivity(file: CaseFile, days: CaseFile['activity'], width: number): Drawing {
  const { firstAlarmAtMs } = file.finding;
  const right = width - 14;
  const startMs = days[0]!.dayMs;
  const endMs = Math.max(days.at(-1)!.dayMs, firstAlarmAtMs) + DAY_MS;
  const x = (atMs: number) => LEFT + ((atMs - startMs) / (endMs - startMs)) * (right - LEFT);
  const most = days.reduce((high, day) => Math.max(high, day.exchanges), 1);
  const y = fitScale([most], most, BOTTOM, TOP);
  const shapes: Shape[] = [
    { kind: 'text', x: 0, y: 13, text: 'Exchanges', size: 12, ink: 'soft', anchor: 'start' },
  ];
  for (const tick of y.ticks) {
    shapes.push({
      kind: 'line',
      points: [
        [LEFT, y(tick)],
        [right, y(tick)],
      ],
      ink: 'line',
      width: 1,
    });
    shapes.push({
      kind: 'text',
      x: LEFT - 8,
      y: y(tick) + 4,
      text: shortCount(tick),
      size: 12,
      ink: 'soft',
      anchor: 'end',
    });
  }
  const gap = Math.min(2, (x(startMs + DAY_MS) - LEFT) / 6);
  for (const { dayMs, exchanges } of days)
    shapes.push({
      kind: 'rect',
      x: x(dayMs) + gap / 2,
      y: y(exchanges),
      width: Math.max(0.3, x(dayMs + DAY_MS) - x(dayMs) - gap),
      height: BOTTOM - y(exchanges),
      fill: 'accent',
    });
  const alarm = x(firstAlarmAtMs);
  const late = alarm > (LEFT + right) / 2;
  const upright = [
    [alarm, TOP - 4],
    [alarm, BOTTOM],
  ] as const;
  shapes.push(
    { kind: 'line', points: upright, ink: 'paper', width: 4 },
    { kind: 'line', points: upright, ink: 'ink', width: 1 },
    {
      kind: 'text',
      x: alarm + (late ? -6 : 6),
      y: TOP - 6,
      text: 'alarm',
      size: 12,
      ink: 'ink',
      anchor: late ? 'end' : 'start',
      strong: true,
      halo: true,
    },
    ...drawDays(startMs, endMs, { left: LEFT, right, y: BOTTOM }),
  );
  return {
    width,
    height: BOTTOM + 30,
    label: 'Exchanges of the pool by day; figures in the table',
    shapes,
  };
}

function shortCount(value: number): string {
  return value >= 10_000
    ? `${Number((value / 1000).toPrecision(3))}k`
    : Number(value.toPrecision(3)).toLocaleString('en-US');
}
