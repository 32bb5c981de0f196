// The baseline of a start: a worker with Pyodide and NumPy, nothing compiled beforehand. Marks "ready".
const worker = new Worker(new URL("published-worker.js", import.meta.url), { type: "module" });
worker.onmessage = () => performance.mark("ready");
