import { DAY_MS } from '@phalanx/core';
import type { Shape } from './drawing.js';
import { formatDay } from './figures.js';

/** Marks and names of days, at most one every 92 units, under a line from `left` to `right` at `y`. */
export function drawDays(
  startMs: number,
  endMs: number,
  place: { readonly left: number; readonly right: number; readonly y: number },
): Shape[] {
  const { left, right, y } = place;
  const most = Math.max(2, Math.floor((right - left) / 92));
  const step = Math.max(1, Math.ceil((endMs - startMs) / DAY_MS / most)) * DAY_MS;
  const shapes: Shape[] = [];
  const first = Math.ceil(startMs / DAY_MS) * DAY_MS;
  for (let i = 0; i <= most && first + i * step <= endMs; i++) {
    const day = first + i * step;
    const x = left + ((day - startMs) / (endMs - startMs)) * (right - left);
    shapes.push({
      kind: 'line',
      points: [
        [x, y],
        [x, y + 5],
      ],
      ink: 'soft',
      width: 1,
    });
    shapes.push({
      kind: 'text',
      x: Math.min(x, right),
      y: y + 20,
      text: formatDay(day).replace(/ \d{4}$/, ''),
      size: 12,
      ink: 'soft',
      anchor: x > right - 24 ? 'end' : 'middle',
    });
  }
  return shapes;
}
