/**
 * Settings of the planner, for both engines. Without statistics, which a new table lacks and PGlite never gathers by itself, the planner
 * takes a collection for a few hundred rows and collects and sorts them all for each page: 85 ms where the walk along the key takes 6.
 * Nothing here reads so many rows by an index that a bitmap would pay.
 */
export const PLANNER_SETTINGS: readonly string[] = ['enable_bitmapscan=off'];
