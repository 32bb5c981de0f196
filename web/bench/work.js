// Work is { run, result, reset }, as in pyapp/bench/workloads.py: `run` is timed, after `reset`, which is not; `result`
// gives the numbers that all contestants must agree on. Each may return a promise.

const COMPARED = 8; // rows of a product, as in workloads.py

/** { ms } of each of `repeats` runs, after one that is not counted. */
export async function timed({ run, reset }, repeats) {
  const ms = [];
  for (let i = 0; i <= repeats; i++) {
    await reset?.();
    const start = performance.now();
    const answer = run();
    if (answer instanceof Promise) await answer;
    ms.push(performance.now() - start);
  }
  return { ms: ms.slice(1) };
}

/** { shape, values }: what the work comes to. `shape` of its result (rows, columns); of a product, eight rows. */
export async function checked(name, { run, reset, result }, [rows, columns]) {
  await reset?.();
  await run();
  const values = await result();
  if (values.length !== rows * columns) {
    throw new Error(`${name} has ${values.length} results; expected ${rows} x ${columns}`);
  }
  if (!name.startsWith("product")) return { shape: [rows, columns], values: Array.from(values) };
  const chosen = Array.from({ length: COMPARED }, (_, i) => Math.trunc(i * (rows - 1) / (COMPARED - 1)));
  return {
    shape: [COMPARED, columns],
    values: chosen.flatMap((row) => Array.from(values.subarray(row * columns, (row + 1) * columns))),
  };
}

/** Rows and columns of what a work comes to. */
export function shapeOf(name) {
  if (!name.startsWith("product ")) return [name === "image" ? 1 : 500, 10];
  const [m, , n] = name.split(" ")[1].split("x").map(Number);
  return [m, n];
}
