import type { Materials } from '../materials.js';
import { listAttackCells } from './attack-cells.js';
import type { CellPlan } from './cell-plan.js';
import { listHonestCells } from './honest-cells.js';
import { listNullCells } from './null-cells.js';
import { listProductCells } from './product-cells.js';
import { listSourceOutCells } from './source-out-cells.js';

/** Every cell that can be run with these materials; names are unique. */
export function listCells({ roles }: Pick<Materials, 'roles'>): CellPlan[] {
  return [
    ...listAttackCells(roles.attack.length),
    ...listHonestCells(),
    ...listProductCells(),
    ...listSourceOutCells(roles.leftOut),
    ...listNullCells(),
  ];
}
