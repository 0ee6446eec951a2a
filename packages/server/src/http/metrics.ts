/** Counters in the text format of Prometheus (0.0.4). No label names a member, a path's parameter, or a value. */
export class Metrics {
  readonly #counters = new Map<string, number>();

  /** @param labels of a small, closed set */
  count(name: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const text = Object.entries(labels)
      .map(([label, value]) => `${label}="${value}"`)
      .join(',');
    const key = text === '' ? name : `${name}{${text}}`;
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + by);
  }

  format(): string {
    const lines: string[] = [];
    let last = '';
    for (const [key, value] of [...this.#counters].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const name = key.split('{', 1)[0]!;
      if (name !== last) lines.push(`# TYPE ${name} counter`);
      last = name;
      lines.push(`${key} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
