/**
 * A plan as text, for a look before hours of work.
 * @module
 */
import { findTask, renderContext } from "../tasks/mod.ts";
import { taskOf } from "./cell.ts";
import type { Data } from "./data.ts";
import type { Planned } from "./plan.ts";
import type { CellSpec } from "./types.ts";

/** Cells with their factors and number of evaluations, what the data lacks, and one rendered prompt per task. */
export async function describePlan(planned: Planned, data: Data): Promise<string> {
  const { plan, specs } = planned;
  const header = ["cell", "method", "task", "size", "shown", "seed", "evaluations", "test rows"];
  const rows = plan.cells.map(({ id, factors }) => {
    const spec = specs.get(id)!;
    const items = spec.evaluations.reduce((sum, evaluation) => sum + evaluation.rows, 0);
    const numbers = [factors.trainSize, factors.trainShots, factors.seed, spec.evaluations.length, items];
    return [id.slice(0, 12), factors.method, taskOf(spec), ...numbers.map(String)];
  });
  const examples = new Map([...specs.values()].map((spec) => [taskOf(spec), spec]));
  const prompts: string[] = [];
  for (const spec of examples.values()) prompts.push(await examplePrompt(spec, data));
  return [
    `profile ${plan.profile}, model ${plan.model}, data ${plan.data}, operands ${plan.operands}, ` +
    `settings ${plan.settings.map((setting) => setting.name).join(" ")}`,
    ...table([header, ...rows]),
    ...plan.absent.map((line) => `absent: ${line}`),
    ...prompts,
  ].map((line) => line + "\n").join("");
}

/** The first test prompt of a cell's evaluation with the most demonstrations, and the answer it asks for. */
async function examplePrompt(spec: CellSpec, data: Data): Promise<string> {
  const most = spec.evaluations.reduce((a, b) => b.shots > a.shots ? b : a);
  const task = findTask(most.task);
  const { rows } = await data.test(task, most.set, 1);
  const demonstrations = await data.demonstrations(task, most.set, most.shots);
  const text = renderContext(task, most.format, demonstrations.rows, rows[0]);
  return `--- ${most.task}/${most.set}, ${most.shots}-shot, row ${rows[0].id}\n${text}\n--- answer\n${rows[0].output}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((text, column) => text.padEnd(widths[column])).join("  ").trimEnd());
}
