/**
 * Metrics whose value over many items is the mean of the items' values.
 * @module
 */
import type { ItemStatistics, Metric } from "../types.ts";

/** A metric without its rule over many items. */
export type ItemMetric = Omit<Metric, "aggregate">;

/** The metric that takes the arithmetic mean over items, summed in the order given. */
export function meanMetric(metric: ItemMetric): Metric {
  return {
    ...metric,
    aggregate: (items: readonly ItemStatistics[]) =>
      items.reduce((sum, item) => sum + metric.value(item), 0) / items.length,
  };
}
