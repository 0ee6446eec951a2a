/**
 * One ClickHouse node with real listeners, in this process: `node clickhouse-node.js <config.xml> <data directory>`.
 *
 * The embedded engine's library carries `clickhouse local`, and its SYSTEM START LISTEN opens the server's HTTP and
 * native ports. The call blocks until the query ends, so the sleep is the node's life: ten minutes at most, should the
 * parent die without ending it.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { open, load, DataType } = require('ffi-rs');
const [config, directory] = process.argv.slice(2);

const LIFE = 'SELECT sleepEachRow(3) FROM numbers(200) SETTINGS max_block_size = 1 FORMAT Null';
const argv = [
  'clickhouse',
  `--config-file=${config}`,
  `--path=${directory}`,
  '--multiquery',
  `--query=SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; ${LIFE}`,
];
open({ library: 'engine', path: require('chdb/libchdb').libchdbPath() });
load({
  library: 'engine',
  funcName: 'chdb_query_cmdline',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
