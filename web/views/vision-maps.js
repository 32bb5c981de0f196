import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { fixed, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Scale } from "../ui/scale.js";
import { rgb } from "../ui/theme.js";

const INK = 150; // of 255: how dark the drawing stands on its attention
const SIDES = [
  ["", "float", "float"],
  ["_quant", "quantised", "quant"],
  ["_error", "quantised − float", ""],
];

const headName = ({ head }) => (head === null ? "mean of all heads" : `head ${head}`);
const tokenName = ({ token, tokens }) => (token === 0 ? "the class token" : `patch ${tokens[token]}`);

/** Attention to each patch, laid over the drawing: of the chosen head, and gathered through all layers. */
export function Looks({ answer, frame }) {
  const about = html`<h2>Where it looks</h2>
    <p class="about">
      Each patch is coloured by how much attention it gets from ${answer ? tokenName(answer.scalars) : "the class token"}; the
      colours of a row of pictures share a scale. Few bits make steps out of attention: look where the difference is
      coloured, and whether the answer changes.
    </p>`;
  if (!answer) return html`${about}<p class="empty">Attention appears with a drawing.</p>`;
  const { scalars, arrays } = answer;
  const row = (name, title) => html`<h3 class="vision-row" data-test=${`${name}-title`}>${title}</h3>
    <div class="vision-maps">${SIDES.map(([suffix, words, colour]) => arrays[name + suffix] && html`<figure>
      <figcaption class=${colour}>${words}</figcaption>
      <${Picture} name=${name} suffix=${suffix} answer=${answer} />
    </figure>`)}</div>
    <p class="doc" data-test=${`${name}-limits`}>${limits(scalars.limits, name)}</p>`;
  return html`${about}
    ${row("look", `Layer ${scalars.layer}, ${headName(scalars)}`)}
    <p class="doc">
      The class token itself gets <span class="number float" data-test="to-class">${fixed(scalars.to_class, 3)}</span>
      ${"quant_to_class" in scalars && html` in float and <span class="number quant" data-test="quant-to-class">${fixed(scalars.quant_to_class, 3)}</span> quantised`}.
    </p>
    ${row("rollout", "Rollout: through all layers")}
    ${!frame?.scalars.is_quantised && html`<p class="note">Nothing is quantised: give weights, activations or logits bits.</p>`}`;
}

/** What the colours of a row of pictures mean. */
const limits = (all, name) =>
  `Full orange is ${fixed(all[name], 3)}${`${name}_error` in all ? `, in the difference ±${fixed(all[`${name}_error`], 3)}` : ""}; paper is zero (square-root scale).`;

function Picture({ name, suffix, answer }) {
  const picture = answer.arrays[name + suffix];
  const { tokens } = answer.scalars;
  const at = (row, column) => tokens[1 + row * picture.shape[1] + column];
  const options = {
    label: `Attention to each patch, ${suffix.slice(1) || "float"}.`,
    test: name + suffix.replace("_", "-"),
    shape: picture.shape,
    maxHeight: 224,
    describe: (_, row, column, value) => `patch ${at(row, column)}: ${suffix === "_error" ? signed(value, 4) : fixed(value, 4)}`,
  };
  const limit = answer.scalars.limits[name + (suffix === "_error" ? suffix : "")];
  return html`<${Chart} key=${picture.shape.join()} kind=${Overlay} options=${options} args=${[picture.data, limit, answer.arrays.input]} />`;
}

/** Attention with the drawing laid over it. */
class Overlay extends Heatmap {
  update(data, limit, input) {
    this.lay(() => inkOf(input));
    super.update(data, limit);
  }
}

/** The drawing as ink that one can see through. */
function inkOf({ shape: [rows, columns], data }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const colour = rgb("heat-ink");
  for (let i = 0; i < data.length; i += 1) image.data.set([...colour, INK * data[i]], 4 * i);
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Every head of every layer, small; a click picks one. */
export function Heads({ page, answer, frame }) {
  const about = html`<h2>All heads</h2>
    <p class="about">
      A line a layer, a picture a head, of the same token. Some heads follow the stroke, others look at its surroundings or
      at one place whatever is drawn. Click one to see it large.
    </p>`;
  if (!answer || !frame) return html`${about}<p class="empty">The heads appear with a drawing.</p>`;
  const { heads: n, layers } = frame.scalars;
  const sheet = (suffix, words, colour) => {
    const picture = answer.arrays[`heads${suffix}`];
    if (!picture || picture.shape[0] !== n * layers) return null;
    const options = {
      label: `Attention of ${n * layers} heads, ${words}.`,
      test: `heads${suffix.replace("_", "-")}`,
      shape: picture.shape,
      across: n,
      gap: 4,
      maxHeight: 320,
      describe: (tile, row, column, value) =>
        `layer ${Math.floor(tile / n) + 1}, head ${(tile % n) + 1}\npatch ${answer.scalars.tokens[1 + row * picture.shape[2] + column]}: ${fixed(value, 4)}`,
      picked: (tile) => pick(page, Math.floor(tile / n) + 1, (tile % n) + 1),
    };
    const { head, layer, limits } = answer.scalars;
    const chosen = head === null ? null : [(layer - 1) * n + head - 1];
    return html`<figure>
      <figcaption class=${colour}>${words}</figcaption>
      <${Chart} key=${picture.shape.join()} kind=${HeadSheet} options=${options} args=${[picture.data, limits.heads, answer.arrays.input, chosen?.[0] ?? null]} />
    </figure>`;
  };
  return html`${about}<div class="vision-heads">${SIDES.slice(0, 2).map((side) => sheet(...side))}</div>`;
}

class HeadSheet extends Overlay {
  update(data, limit, input, chosen) {
    super.update(data, limit, input);
    this.keep(chosen === null ? null : [chosen]);
  }
}

function pick(page, layer, head) {
  if (Number(page.params.layer) !== layer) page.change("layer", layer);
  if (page.params.head !== String(head)) page.change("head", String(head));
}

/** The whole matrix of the chosen head: a row looks, a column is looked at; a click picks the row's token. */
export function Matrix({ page, answer }) {
  const about = html`<h2>The whole matrix</h2>
    <p class="about">
      A row is a token that looks, a column one that is looked at; the first of each is the class token, and rows sum to 1.
      A softmax needs an exponential for every cell, which fixed-point hardware has to build from shifts and tables. Click a
      row to see where its token looks.
    </p>`;
  if (!answer) return html`${about}<p class="empty">The matrix appears with a drawing.</p>`;
  const { scalars, arrays } = answer;
  const figure = ([suffix, words, colour]) => {
    const picture = arrays[`matrix${suffix}`];
    if (!picture) return null;
    const difference = suffix === "_error";
    const options = {
      label: `Attention matrix, ${words}.`,
      test: `matrix${suffix.replace("_", "-")}`,
      shape: picture.shape,
      map: difference ? "signed" : "grey",
      maxHeight: 320,
      describe: (_, row, column, value) =>
        `${scalars.tokens[row]} → ${scalars.tokens[column]}: ${difference ? signed(value, 4) : fixed(value, 4)}`,
      picked: (_, row) => page.change("token", row),
    };
    const limit = scalars.limits[`matrix${difference ? suffix : ""}`];
    return html`<figure>
      <figcaption class=${colour}>${words}</figcaption>
      <${Chart} key=${picture.shape.join()} kind=${MatrixSheet} options=${options} args=${[picture.data, limit, scalars.token]} />
    </figure>`;
  };
  return html`${about}<div class="vision-maps">${SIDES.map(figure)}</div>
    <${Scale} limit=${scalars.limits.matrix_error ?? null} what="Differences" />`;
}

/** The matrix with the row of the token that looks marked at its beginning. */
class MatrixSheet extends Heatmap {
  update(data, limit, token) {
    super.update(data, limit);
    this.keep([0, token, 0]);
  }
}
