/**
 * The scaling study as an SVG: a row of panels for speed and one for memory, one column an axis. The layout depends on the points alone.
 * @module
 */
import type { ScalingPoint } from "./types.ts";

const panel = {
  width: 250,
  height: 190,
  left: 58,
  right: 14,
  top: 34,
  bottom: 38,
};
const axes = ["width", "layers", "length", "sequences"] as const;
const axisTitles = {
  width: "width",
  layers: "layers",
  length: "tokens a sequence, batch kept",
  sequences: "sequences",
} as const;

/** The smallest of 1, 2, 5 times a power of ten that is no less than `value`. */
export function niceCeiling(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= value * (1 - 1e-12));
  return factor! * power;
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${content}</text>`;
}

/** A number for an axis: 12, 1.5k. */
function short(value: number): string {
  return value >= 1000 ? `${Number((value / 1000).toPrecision(3))}k` : `${Number(value.toPrecision(3))}`;
}

interface Series {
  readonly values: readonly number[];
  readonly color: string;
  readonly dashed: boolean;
}

/** One panel: series over evenly spaced places, from zero. */
function drawPanel(
  at: { x: number; y: number },
  title: string,
  axisTitle: string,
  labels: readonly string[],
  series: readonly Series[],
): string {
  const { width, height, left, right, top, bottom } = panel;
  const most = niceCeiling(Math.max(...series.flatMap(({ values }) => values)));
  const innerWidth = width - left - right;
  const innerHeight = height - top - bottom;
  const x = (i: number) => at.x + left + innerWidth * (i + 0.5) / labels.length;
  const y = (value: number) => at.y + top + innerHeight * (1 - value / most);
  const lines = [0, 0.5, 1].map((share) =>
    `<line x1="${at.x + left}" x2="${at.x + width - right}" y1="${y(most * share).toFixed(1)}" y2="${
      y(most * share).toFixed(1)
    }" stroke="#ccc"/>` +
    text(
      at.x + left - 6,
      y(most * share) + 4,
      short(most * share),
      'text-anchor="end"',
    )
  );
  const drawn = series.map(({ values, color, dashed }) => {
    const points = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`);
    const dots = points.map((point) => {
      const [cx, cy] = point.split(",");
      return `<circle cx="${cx}" cy="${cy}" r="${dashed ? 5 : 3}" fill="${
        dashed ? "none" : color
      }" stroke="${color}"/>`;
    });
    const dash = dashed ? ' stroke-dasharray="5 4"' : "";
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${color}"${dash}/>${dots.join("")}`;
  });
  return [
    text(at.x + left, at.y + 20, title, 'font-weight="bold"'),
    ...lines,
    ...labels.map((label, i) => text(x(i), at.y + height - bottom + 16, label, 'text-anchor="middle"')),
    text(
      at.x + left + innerWidth / 2,
      at.y + height - 6,
      axisTitle,
      'text-anchor="middle" fill="#555"',
    ),
    ...drawn,
  ].join("\n");
}

/** The SVG of all points; an axis without points has no column. */
export function scalingSvg(points: readonly ScalingPoint[]): string {
  const columns = axes.map((axis) => ({
    axis,
    points: points.filter((point) => point.axis === axis),
  }))
    .filter((column) => column.points.length > 0);
  const width = Math.max(1, columns.length) * panel.width;
  const height = 2 * panel.height + 30;
  const panels = columns.flatMap(({ axis, points }, i) => {
    const labels = points.map(({ value }) => String(value));
    const mebibytes = (bytes: number) => bytes / 2 ** 20;
    const title = axisTitles[axis];
    return [
      drawPanel(
        { x: i * panel.width, y: 0 },
        "tokens a second",
        title,
        labels,
        [
          {
            values: points.map((point) => point.tokensPerSecond),
            color: "#1660a8",
            dashed: false,
          },
        ],
      ),
      drawPanel(
        { x: i * panel.width, y: panel.height },
        "GPU memory, MiB",
        title,
        labels,
        [
          {
            values: points.map((point) => mebibytes(point.allocatedBytes)),
            color: "#b3430f",
            dashed: false,
          },
          {
            values: points.map((point) => mebibytes(point.estimatedBytes)),
            color: "#333",
            dashed: true,
          },
        ],
      ),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...panels,
    text(
      14,
      height - 10,
      "memory: filled dots are allocated, open dots are estimated",
      'fill="#555"',
    ),
    "</svg>",
    "",
  ].join("\n");
}
