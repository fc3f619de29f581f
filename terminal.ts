/**
 * Where the command line writes: results to standard output, progress to standard error.
 * @module
 */

/** Writes results, notes and progress. */
export interface Terminal {
  /** A result: one line, or several, on standard output. */
  result(text: string): void;
  /** A line on standard error that stays. */
  note(line: string): void;
  /** Progress: replaces the live line on a terminal; elsewhere a plain line now and then. */
  progress(line: string): void;
  /** Ends the live line. */
  close(): void;
}

/** Seconds between plain progress lines where standard error is no terminal. */
const plainEvery = 15;

/** Writes all of a text; a single write may take only a part. */
function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}

/**
 * Opens the terminal of this process. The live line is dim, unless NO_COLOR is set.
 * @returns Its writer.
 */
export function openTerminal(): Terminal {
  const live = Deno.stderr.isTerminal();
  const dim = (text: string) => Deno.noColor ? text : `\x1b[2m${text}\x1b[22m`;
  let shown = false;
  let last = -Infinity;
  const erase = () => {
    if (shown) writeAll(Deno.stderr, "\r\x1b[2K");
    shown = false;
  };
  return {
    result(text) {
      erase();
      writeAll(Deno.stdout, text.endsWith("\n") ? text : `${text}\n`);
    },
    note(line) {
      erase();
      writeAll(Deno.stderr, `${line}\n`);
    },
    progress(line) {
      if (live) {
        writeAll(Deno.stderr, `\r\x1b[2K${dim(line.slice(0, (Deno.consoleSize().columns || 80) - 1))}`);
        shown = true;
      } else if (performance.now() - last > plainEvery * 1000) {
        writeAll(Deno.stderr, `${line}\n`);
        last = performance.now();
      }
    },
    close: erase,
  };
}
