// The curves of a run as Python has thinned them, {name: {step, value}}.

/** {step, value} of one curve as plain lists; of one that is not there, empty ones. */
export const points = (curves, name) => ({ step: Array.from(curves[name]?.step.data ?? []), value: Array.from(curves[name]?.value.data ?? []) });

/** Curves with x of their own -> one shared x and a column each, null where a curve has no point. */
export function align(curves) {
  const x = [...new Set(curves.flatMap(({ step }) => step))].sort((a, b) => a - b);
  const columns = curves.map(({ step, value }) => {
    const at = new Map(step.map((each, i) => [each, value[i]]));
    return x.map((each) => at.get(each) ?? null);
  });
  return [x, ...columns];
}
