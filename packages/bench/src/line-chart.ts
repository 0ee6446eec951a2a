/** One line of a panel: its y at each x of the chart. */
export interface ChartLine {
  readonly name: string;
  readonly values: readonly number[];
}

export interface ChartPanel {
  readonly title: string;
  readonly lines: readonly ChartLine[];
}

const COLOURS = [
  '#1b6ca8',
  '#c4501b',
  '#2e7d32',
  '#7b3fa0',
  '#a8871b',
  '#555555',
  '#c2185b',
  '#00838f',
  '#8d6e63',
  '#e0a000',
  '#3949ab',
];
const [WIDTH, HEIGHT, LEFT, TOP] = [340, 260, 46, 34];

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Panels side by side as an SVG document: x on a logarithmic scale, y in [0, 1], one legend below. */
export function drawLineChart(xs: readonly number[], xName: string, panels: readonly ChartPanel[]): string {
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const [first, last] = [Math.log(xs[0]!), Math.log(xs.at(-1)!)];
  const [plotWidth, plotHeight] = [WIDTH - LEFT - 14, HEIGHT - TOP - 44];
  const xOf = (x: number) => LEFT + ((Math.log(x) - first) / (last - first)) * plotWidth;
  const yOf = (y: number) => TOP + (1 - y) * plotHeight;
  const panelMarks = panels.map(({ title, lines }, i) => {
    const grid = [0, 0.25, 0.5, 0.75, 1].map(
      (y) =>
        `<path d="M${LEFT} ${yOf(y)}h${plotWidth}" stroke="#ddd"/><text x="${LEFT - 6}" y="${yOf(y) + 4}" text-anchor="end">${y}</text>`,
    );
    const ticks = xs.map((x) => `<text x="${xOf(x)}" y="${HEIGHT - 26}" text-anchor="middle">${x}</text>`);
    const curves = lines.map(({ name, values }) => {
      const points = values.map((y, at) => `${xOf(xs[at]!).toFixed(1)},${yOf(y).toFixed(1)}`).join(' ');
      return `<polyline points="${points}" fill="none" stroke="${COLOURS[names.indexOf(name) % COLOURS.length]}" stroke-width="1.6"/>`;
    });
    const heading = `<text x="${LEFT}" y="18" font-weight="bold">${escapeText(title)}</text>`;
    const axis = `<text x="${LEFT + plotWidth / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeText(xName)}</text>`;
    return `<g transform="translate(${i * WIDTH} 0)">${heading}${grid.join('')}${ticks.join('')}${curves.join('')}${axis}</g>`;
  });
  const legend = names.map((name, i) => {
    const [x, y] = [LEFT + (i % 3) * 320, HEIGHT + 16 + Math.floor(i / 3) * 18];
    return `<path d="M${x} ${y - 4}h22" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="3"/><text x="${x + 28}" y="${y}">${escapeText(name)}</text>`;
  });
  const [width, height] = [WIDTH * panels.length, HEIGHT + 24 + 18 * Math.ceil(names.length / 3)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>${panelMarks.join('')}${legend.join('')}</svg>\n`;
}
