/**
 * A plan as text, for a look before hours of work.
 * @module
 */
import { findTask, renderContext } from "../tasks/mod.ts";
import { taskOf } from "./cell.ts";
import { type Data, dataText, probeRows } from "./data.ts";
import type { Planned } from "./plan.ts";
import type { CellSpec, EvaluationSpec, ProbeSpec } from "./types.ts";

/** Learning rates, cells with their factors and number of evaluations, totals, what the data lacks, and one rendered prompt per task. */
export async function describePlan(planned: Planned, data: Data): Promise<string> {
  const { plan, specs } = planned;
  const header = ["cell", "method", "task", "size", "shown", "learning rate", "seed", "evaluations", "rows"];
  const rows = plan.cells.map(({ id, factors }) => {
    const spec = specs.get(id)!;
    const rate = spec.method.name === "icl" ? "-" : spec.method.learningRate.toExponential();
    const method = factors.method + (factors.stopAfter === undefined ? "" : `, step ${factors.stopAfter}`);
    const shown = [factors.trainSize, factors.trainShots].map(String);
    const numbers = [factors.seed, placesOf(spec).length, rowsOf(spec)].map(String);
    return [id.slice(0, 12), method, taskOf(spec), ...shown, rate, ...numbers];
  });
  const examples = new Map([...specs.values()].map((spec) => [taskOf(spec), spec]));
  const all = [...specs.values()];
  const probes = all.flatMap(({ probes = [] }) => probes);
  const rates = Object.entries(plan.learningRates.values).map(([method, rate]) => `${method} ${rate.toExponential()}`);
  const prompts: string[] = [];
  for (const spec of examples.values()) prompts.push(await examplePrompt(spec, data));
  return [
    `profile ${plan.profile}, model ${plan.model}, data ${
      dataText(plan.data, plan.inputWords)
    }, operands ${plan.operands}, ` +
    `settings ${plan.settings.map((setting) => setting.name).join(" ")}`,
    `learning rates: ${rates.join(", ")}, ${plan.learningRates.from}`,
    ...table([header, ...rows]),
    `${all.length} cells, ${sum(all, ({ evaluations }) => evaluations.length)} evaluations, ${
      sum(all, ({ evaluations }) => rowsAt(evaluations))
    } rows to answer` + (probes.length === 0 ? "" : `, ${probes.length} probes on ${rowsAt(probes)} rows`),
    ...plan.absent.map((line) => `absent: ${line}`),
    ...prompts,
  ].map((line) => line + "\n").join("");
}

function sum(specs: readonly CellSpec[], of: (spec: CellSpec) => number): number {
  return specs.reduce((total, spec) => total + of(spec), 0);
}

function rowsOf(spec: CellSpec): number {
  return rowsAt(placesOf(spec));
}

function rowsAt(places: readonly { readonly rows: number }[]): number {
  return places.reduce((total, { rows }) => total + rows, 0);
}

/** What a cell's model is scored or measured on. */
function placesOf({ evaluations, probes = [] }: CellSpec): readonly (EvaluationSpec | ProbeSpec)[] {
  return [...evaluations, ...probes];
}

/** The first prompt that a cell puts to its model with the most demonstrations, and the answer it asks for. */
async function examplePrompt(spec: CellSpec, data: Data): Promise<string> {
  const most = placesOf(spec).reduce((a, b) => b.shots > a.shots ? b : a);
  const task = findTask(most.task);
  const { rows } = await probeRows(data, task, most);
  const demonstrations = await data.demonstrations(task, most.set, most.shots);
  const text = renderContext(task, most.format, demonstrations.rows, rows[0]);
  return `--- ${most.task}/${most.set}, ${most.shots}-shot, row ${rows[0].id}\n${text}\n--- answer\n${rows[0].output}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column])).join("  ").trimEnd());
}
