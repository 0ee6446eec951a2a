/** Processor time between laps, of all threads of the process: on a machine that others use too, the clock on the wall says little. */
export class CpuClock {
  #last = process.cpuUsage();

  /** `12.3 CPU s, 456 MiB resident`. */
  lap(): string {
    const { user, system } = process.cpuUsage(this.#last);
    this.#last = process.cpuUsage();
    const resident = process.memoryUsage().rss / 2 ** 20;
    return `${((user + system) / 1e6).toFixed(1)} CPU s, ${resident.toFixed(0)} MiB resident`;
  }

  /** `789 MiB resident at most`. */
  peak(): string {
    return `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB resident at most`;
  }
}
