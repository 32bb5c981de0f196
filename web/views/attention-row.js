import { fixed } from "../ui/format.js";
import { Lanes } from "../ui/lanes.js";

const LANES = [
  { name: "float", title: "float", colour: "float" },
  { name: "plain", title: "no shift", colour: "quant" },
  { name: "shifted", title: "shifted", colour: "quant" },
];

/** A row of attention as rows of bars below each other, all on one scale: float in ink, quantised in orange. */
export class RowBars extends Lanes {
  constructor(host) {
    super(host, { label: "The picked row: float, quantised without and with shift.", test: "row-bars", height: 256 });
  }

  /** rows: {float, plain, shifted, mask} of N numbers; keys: N labels; limit: the value of a full bar. */
  update(rows, keys, limit, column) {
    const lanes = LANES.map(({ name, ...lane }) => ({ ...lane, values: rows[name] }));
    super.update({ lanes, labels: keys, limit, picked: column, words: (i) => words(rows, keys, i) });
  }
}

function words(rows, keys, i) {
  const place = `key ${i} (${keys[i]})`;
  if (!rows.mask[i]) return `${place}: masked, exactly ${fixed(rows.shifted[i], 0)}`;
  return `${place}: ${LANES.map(({ name, title }) => `${title} ${fixed(rows[name][i], 4)}`).join(", ")}`;
}
