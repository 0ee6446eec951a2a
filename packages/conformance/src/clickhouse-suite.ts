import { checkClickhouseCluster } from './clickhouse-cluster.js';
import { checkClickhouseDetection } from './clickhouse-detection.js';
import type { Suite } from './suite.js';

/** Four real nodes of the engine, killed and brought back: the store first, then detection on top of it. */
export const clickhouseCluster: Suite = {
  name: 'clickhouse-cluster',
  what: 'store and detection on a cluster of two shards with two copies, under kill -9, against the embedded engine',
  async run(checks) {
    const { passed, failed } = await checkClickhouseCluster();
    checks.passed += passed;
    checks.failed += failed;
    await checkClickhouseDetection(checks);
  },
};
