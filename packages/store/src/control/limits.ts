/** How long a caller waits for a connection, and for a server to answer at all. */
export const CONNECTION_WAIT_MS = 30_000;
/** How long one statement may run. The engine in the process cannot stop a statement; there this has no effect. */
export const STATEMENT_LIMIT_MS = 60_000;
/** How long a statement waits for a row that another transaction has locked. */
export const LOCK_WAIT_MS = 20_000;
/** How long a transaction may stand still. */
export const IDLE_TRANSACTION_MS = 60_000;
/** Connections that one process holds to a server. */
export const MAX_CONNECTIONS = 10;
/** How often the engine in the process frees what removed rows leave behind. */
export const TIDY_MS = 3_600_000;
