import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Scale } from "../ui/scale.js";

export const RULES = {
  none: "no shift",
  "tensor-mean": "shift by the tensor’s mean",
  "row-mean": "shift by the row’s mean",
  "row-midrange": "shift by the row’s mid-range",
  "row-max": "shift by the row’s maximum",
  "row-max-clip": "row’s maximum, clipped",
};
const KIND = { float: "float", plain: "quant", shifted: "quant" };

/** Float and quantised probabilities on one scale, and what the quantised ones differ by on another. */
export function Maps({ page, scalars, arrays }) {
  const picture = (name) => scalars && html`<${Picture} name=${name} page=${page} scalars=${scalars} arrays=${arrays} />`;
  const title = { float: "float softmax", plain: RULES.none, shifted: RULES[page.params.shift] };
  const figure = (name) => html`<figure class=${`map-${name}`}>
    <figcaption>
      <b class=${KIND[name]}>${title[name]}</b>
      <span class="doc number" data-test=${`map-${name}-facts`}>${scalars && facts(scalars, name)}</span>
    </figcaption>
    ${picture(name)}
  </figure>`;
  const difference = (name) => html`<figure class=${`map-${name}-error`}>
    <figcaption><b>${title[name]}</b><span class="doc">quantised − float</span></figcaption>
    ${picture(`${name}_error`)}
  </figure>`;
  return html`<h2>Attention, float beside quantised</h2>
    <p class="about">
      A softmax needs the exponential of every logit, and fixed-point hardware has none: it has to be built of tables,
      polynomials or shifts, from logits that were rounded to a few codes. Look for rows that fade or split into equal
      steps without the shift, and for what the same bits keep when each row is moved before it is rounded.
    </p>
    ${scalars
      ? html`<p class="verdict-words" data-test="verdict">${scalars.words}</p>`
      : html`<p class="empty">The matrices appear when Python has started.</p>`}
    <div class="attention-maps">
      ${["float", "plain", "shifted"].map(figure)} ${["plain", "shifted"].map(difference)}
      <div class="attention-scales">
        <p class="doc" data-test="source-about">${scalars && `${which(scalars)} ${scalars.about}`}</p>
        <${Probability} limit=${scalars?.limits.probability} />
        <${Scale} limit=${scalars?.limits.difference ?? null} what="Differences" />
      </div>
    </div>`;
}

const which = ({ head, heads }) => `Head ${head} of 0 to ${heads - 1}.`;

const facts = (scalars, name) =>
  name === "float" ? `${scalars.rows} × ${scalars.columns}` : `L1 ${fixed(scalars[name].l1_per_row, 3)} a row, ${count(scalars[name].broken.length)} broken`;

/** The scale of the three maps of probabilities. */
const Probability = ({ limit }) => html`<div class="scale">
  <span class="ramp ramp-ink" aria-hidden="true"></span>
  <span class="ticks number"><span>0</span><span data-test="probability-limit">${fixed(limit, 3)}</span></span>
  <span class="doc">Probability: paper is zero, ink the largest; the three matrices share this scale.</span>
</div>`;

const LABELS = {
  float: "Float attention.",
  plain: "Quantised attention without a shift.",
  shifted: "Quantised attention with the shift.",
  plain_error: "Difference without a shift.",
  shifted_error: "Difference with the shift.",
};

/** One matrix; a click or Enter picks a cell in all of them. */
function Picture({ name, page, scalars, arrays }) {
  const { data, shape } = arrays[name];
  const difference = name.endsWith("_error");
  const options = { name, shape, label: LABELS[name], map: difference ? "signed" : "grey", picked: (row, column) => pick(page, row, column) };
  const limit = scalars.limits[difference ? "difference" : "probability"];
  return html`<${Chart} key=${shape.join()} kind=${Matrix} name="attention-map" options=${options}
    args=${[data, limit, [scalars.row, scalars.column], { scalars, arrays }]} />`;
}

function pick(page, row, column) {
  if (Number(page.params.row) !== row) page.change("row", row);
  if (Number(page.params.column) !== column) page.change("column", column);
}

/** A heatmap that tells all about the cell that is read, whichever of the five matrices it is read in. */
class Matrix extends Heatmap {
  #frame;

  constructor(host, { name, shape, label, map, picked }) {
    super(host, {
      label,
      shape,
      map,
      test: `map-${name.replace("_", "-")}`,
      maxHeight: 360,
      describe: (_, row, column) => words(this.#frame, row, column),
      picked: (_, row, column) => picked(row, column),
    });
  }

  update(data, limit, [row, column], frame) {
    this.#frame = frame;
    super.update(data, limit);
    this.keep([0, row, column]);
  }
}

/** Place, logit, codes, probabilities and differences of a cell. */
function words({ scalars, arrays }, row, column) {
  const i = row * scalars.columns + column;
  const at = (name) => arrays[name].data[i];
  const place = `query ${row} (${scalars.queries[row]}) → key ${column} (${scalars.keys[column]})`;
  if (!at("mask")) return `${place}\nmasked: exactly ${fixed(at("shifted"), 0)}`;
  const side = (name, label) =>
    `${label}: code ${fixed(at(`${name}_q`), 0)}, ${fixed(at(name), 4)} (${signed(at(`${name}_error`), 4)})`;
  return `${place}
logit ${fixed(at("logits"), 3)}, float ${fixed(at("float"), 4)}
${side("plain", "no shift")}
${side("shifted", "shifted")}`;
}
