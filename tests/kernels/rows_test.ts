import { gatherRowsOracle, scatterRowsOracle } from "../../kernels/rows/oracle.ts";
import { gatherRows, scatterRows } from "../../kernels/rows/rows.ts";
import { assertBits, floats, gpuTest, runKernel } from "./gpu.ts";

gpuTest("rows are gathered, and spread back with zeros between", async (gpu) => {
  const [tokens, width] = [11, 20];
  const x = floats("x", tokens * width);
  const index = Uint32Array.of(0, 3, 4, 10);
  const source = Uint32Array.from({ length: tokens }, (_, row) => index.indexOf(row) + 1);
  const rows = index.length;
  const { y } = await runKernel(gpu, gatherRows, { x, index, y: new Float32Array(rows * width) }, { rows, width });
  assertBits(y, gatherRowsOracle(x, index, width), "gathered");
  const bindings = { y, source, x: floats("old", tokens * width) };
  const { x: spread } = await runKernel(gpu, scatterRows, bindings, { rows: tokens, width });
  assertBits(spread, scatterRowsOracle(y, source, width), "spread");
});
