import { accuseTogether, type Baseline } from './baseline.js';

/** Requests a day and account. */
export const volumeThreshold: Baseline = {
  name: 'volume threshold',
  reference: 'rate limiting as every provider does it',
  fit: () => (traffic) =>
    accuseTogether(Float64Array.from(traffic.rowsOf, (rows) => rows.length / traffic.days)),
};
