/**
 * Per-item statistics: how an item's value follows from them, and the compact text in which a report carries them, so that two reports can be
 * compared item by item without the runs' folders.
 *
 * Three kinds of statistics exist. A *proportion* has one field that is 0 or 1 (`{correct: 1}`). An *f1* has `predicted`, `target` and one more
 * field, the matches (`{lcs: 3, predicted: 10, target: 12}`): `F1 = 2 matches / (predicted + target)`, which is 0 where nothing matches. A
 * *bleu* has the counts that corpus BLEU is made of; its value over items is that of their sums, not a mean.
 * @module
 */
import { bleuFields, bleuItemValues, bleuOf, summedCounts } from "./bleu.ts";

/** What a metric's item statistics are. */
export type StatisticsKind = "proportion" | "f1" | "bleu";

/** Item statistics of one metric over one evaluation, in row order: fields sorted by name, values `a/b/c a/b/c ...`. */
export interface PackedItems {
  readonly fields: readonly string[];
  readonly values: string;
}

/**
 * The kind of some statistics, from their field names.
 * @throws where the names fit neither kind
 */
export function statisticsKind(fields: readonly string[]): StatisticsKind {
  if (fields.length === 1) return "proportion";
  if (fields.length === 3 && fields.includes("predicted") && fields.includes("target")) return "f1";
  if ([...fields].sort().join() === bleuFields.join()) return "bleu";
  throw new Error(
    `no rule for item statistics {${
      fields.join(", ")
    }}: valid are one 0/1 field, matches, predicted, target, or BLEU's counts`,
  );
}

/** The value of an item by itself in 0..100; of BLEU that of its sentence, with the highest order it has n-grams of. */
export function itemValue(statistics: Readonly<Record<string, number>>): number {
  const fields = Object.keys(statistics);
  const kind = statisticsKind(fields);
  if (kind === "proportion") return 100 * statistics[fields[0]];
  if (kind === "bleu") return bleuOf(statistics, true);
  const matches = statistics[fields.find((field) => field !== "predicted" && field !== "target")!];
  return matches === 0 ? 0 : 100 * (2 * matches / (statistics.predicted + statistics.target));
}

/**
 * Packs items. All must have the same fields.
 * @throws naming the item by its position, from 1
 */
export function packItems(items: readonly Readonly<Record<string, number>>[]): PackedItems {
  const fields = items.length === 0 ? [] : Object.keys(items[0]).sort();
  const values = items.map((item, i) => {
    const own = Object.keys(item).sort();
    if (own.join() !== fields.join()) throw new Error(`item ${i + 1} has statistics {${own}}, item 1 has {${fields}}`);
    return fields.map((field) => String(item[field])).join("/");
  });
  return { fields, values: values.join(" ") };
}

/** The inverse of {@linkcode packItems}. */
export function unpackItems(packed: PackedItems): Record<string, number>[] {
  if (packed.values === "") return [];
  return packed.values.split(" ").map((item) => {
    const numbers = item.split("/").map(Number);
    return Object.fromEntries(packed.fields.map((field, i) => [field, numbers[i]]));
  });
}

/** The items' values in row order, whose mean is the metric's: each item's own, in 0..100, or what it adds to BLEU. */
export function itemValues(packed: PackedItems): number[] {
  const items = unpackItems(packed);
  return items.length > 0 && statisticsKind(packed.fields) === "bleu" ? bleuItemValues(items) : items.map(itemValue);
}

/**
 * A metric's value over items in 0..100, of the items at the given positions, which may repeat: their mean, or the BLEU of their sums.
 * @param items at least one, all of the same fields
 */
export function valueOver(
  items: readonly Readonly<Record<string, number>>[],
): (positions: ArrayLike<number>) => number {
  if (statisticsKind(Object.keys(items[0])) === "bleu") {
    return (positions) => bleuOf(summedCounts(Array.from(positions, (i) => items[i])));
  }
  const values = items.map(itemValue);
  return (positions) => {
    let sum = 0;
    for (let i = 0; i < positions.length; i++) sum += values[positions[i]];
    return sum / positions.length;
  };
}
