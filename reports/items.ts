/**
 * Per-item statistics: how an item's value follows from them, and the compact text in which a report carries them, so that two reports can be
 * compared item by item without the runs' folders.
 *
 * Two kinds of statistics exist. A *proportion* has one field that is 0 or 1 (`{correct: 1}`). An *f1* has `predicted`, `target` and one more
 * field, the matches (`{lcs: 3, predicted: 10, target: 12}`): `F1 = 2 matches / (predicted + target)`, which is 0 where nothing matches.
 * @module
 */

/** What a metric's item statistics are. */
export type StatisticsKind = "proportion" | "f1";

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
  throw new Error(
    `no rule for item statistics {${fields.join(", ")}}: valid are one 0/1 field, or matches, predicted, target`,
  );
}

/** The value of an item in 0..100. */
export function itemValue(statistics: Readonly<Record<string, number>>): number {
  const fields = Object.keys(statistics);
  if (statisticsKind(fields) === "proportion") return 100 * statistics[fields[0]];
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

/** The items' values in 0..100, in row order. */
export function itemValues(packed: PackedItems): number[] {
  return unpackItems(packed).map(itemValue);
}
