import type { Plan } from '../../core/plan/schema.ts';

/** Whether a plan runs nothing: it is carried out at once, and there is no half-way to stop at. */
export function isAtOnce({ steps }: Pick<Plan, 'steps'>): boolean {
  return steps.every(({ by }) => by === 'actuator');
}
