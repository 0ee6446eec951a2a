import type { Materials } from '../materials.js';
import { BUILT_IN_SPLIT, PUBLIC_SPLIT } from '../split.js';
import { listAttackCells } from './attack-cells.js';
import type { CellPlan } from './cell-plan.js';
import { listHonestCells } from './honest-cells.js';
import { listNullCells } from './null-cells.js';
import { listProductCells } from './product-cells.js';
import { listSourceOutCells } from './source-out-cells.js';

/** Every cell that can be run with these materials; names are unique. */
export function listCells({
  split,
  builtIn,
  roles,
}: Pick<Materials, 'split' | 'builtIn' | 'roles'>): CellPlan[] {
  return [
    ...listAttackCells(roles.attack.length),
    ...listHonestCells(),
    ...listProductCells(),
    ...listSourceOutCells((builtIn ? BUILT_IN_SPLIT : PUBLIC_SPLIT)[split].honest),
    ...listNullCells(),
  ];
}
