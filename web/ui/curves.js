// The points of named curves as they come from the engine, few enough to draw: data only, no canvas.

const MOST = 1000;

export class Curves {
  #curves = new Map(); // name -> {step: [], value: [], stride, seen, passing}

  constructor(history = {}) {
    this.append(history);
  }

  /** history: {name: {step, value}} with typed arrays (or {data}) of what is new. */
  append(history) {
    for (const [name, { step, value }] of Object.entries(history)) {
      const [steps, values] = [step.data ?? step, value.data ?? value];
      for (let i = 0; i < steps.length; i += 1) this.#add(this.#curve(name), steps[i], values[i]);
    }
  }

  clear() {
    this.#curves.clear();
  }

  /** {step, value} arrays of one curve, its newest point always among them. */
  points(name) {
    return this.#curves.get(name) ?? { step: [], value: [] };
  }

  #curve(name) {
    if (!this.#curves.has(name)) this.#curves.set(name, { step: [], value: [], stride: 1, seen: 0, passing: false });
    return this.#curves.get(name);
  }

  /** Every stride-th point is kept, and one in `passing` until the next; when there are too many, every second goes. */
  #add(curve, step, value) {
    for (const [list, number] of [[curve.step, step], [curve.value, value]]) {
      if (curve.passing) list.pop();
      list.push(number);
    }
    curve.passing = curve.seen % curve.stride > 0;
    curve.seen += 1;
    if (curve.passing || curve.step.length <= MOST) return;
    for (const name of ["step", "value"]) curve[name] = curve[name].filter((_, i) => i % 2 === 0);
    curve.stride *= 2;
  }
}

/** Curves with x of their own -> one shared x and a column each, null where a curve has no point. */
export function align(curves) {
  const x = [...new Set(curves.flatMap(({ step }) => step))].sort((a, b) => a - b);
  const columns = curves.map(({ step, value }) => {
    const at = new Map(step.map((each, i) => [each, value[i]]));
    return x.map((each) => at.get(each) ?? null);
  });
  return [x, ...columns];
}
