// Data, weights and models, the same for all contestants: pyapp/bench/material.py writes them.

const ARRAYS = { float32: Float32Array, uint8: Uint8Array };

/** read(name) resolves to the ArrayBuffer of a file. Resolves to array(name) -> { shape, data }, for all arrays. */
export async function material(read) {
  const list = JSON.parse(new TextDecoder().decode(await read("material.json")));
  const names = Object.keys(list);
  const buffers = await Promise.all(names.map((name) => read(`${name}.bin`)));
  const found = new Map(names.map((name, i) => {
    const { dtype, shape } = list[name];
    const data = new ARRAYS[dtype](buffers[i]);
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (data.length !== size) throw new Error(`${name} has ${data.length} numbers; expected ${shape.join(" x ")}`);
    return [name, { shape, data }];
  }));
  return (name) => {
    if (!found.has(name)) throw new Error(`there is no array ${name}; known are ${names.join(", ")}`);
    return found.get(name);
  };
}

/** The layers of the digits network, [{ w, b }]: w is (outputs, inputs). `which` is "start" or "shipped". */
export function layers(array, which) {
  return [1, 2, 3].map((i) => ({ w: array(`${which}.layer${i}.weight`), b: array(`${which}.layer${i}.bias`) }));
}

/** From a worker of the benchmark's page: where the files are. */
export const FOLDER = new URL("material/", import.meta.url);

export async function fetched(name) {
  const response = await fetch(new URL(name, FOLDER));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
