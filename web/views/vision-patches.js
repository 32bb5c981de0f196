import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { fixed, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Scale } from "../ui/scale.js";

/** The drawing cut into the words that the network reads; a click picks the one whose attention is shown. */
export function Patches({ page, answer }) {
  const about = html`<h2>The drawing as words</h2>
    <p class="about">
      A transformer reads a row of tokens, so the drawing is cut into patches, and each becomes one. A class token is put
      before them: it has no pixels, gathers what it needs by attention, and the answer is read from it alone. Pick the
      token whose attention you want to see.
    </p>`;
  if (!answer) return html`${about}<p class="empty">The patches appear with a drawing.</p>`;
  const { patches } = answer.arrays;
  const { tokens, token } = answer.scalars;
  const [n, side] = patches.shape;
  const options = {
    label: `The drawing as ${n} patches of ${side} by ${side} pixels.`,
    test: "patches",
    shape: patches.shape,
    map: "grey",
    across: Math.sqrt(n),
    gap: 4,
    maxHeight: 240,
    describe: (tile, row, column, value) => `token ${tile + 1}, patch ${tokens[tile + 1]}\nrow ${row}, column ${column}: ${fixed(value, 3)}`,
    picked: (tile) => page.change("token", tile + 1),
  };
  return html`${about}
    <div class="vision-patches">
      <${Chart} key=${n} kind=${PatchSheet} options=${options} args=${[patches.data, token]} />
      <div>
        <p data-test="token-about">
          ${token === 0 ? "The class token looks." : `Token ${token} looks: the patch in row.column ${tokens[token]}.`}
        </p>
        <button type="button" class="quiet" data-test="class-token" aria-pressed=${token === 0} onClick=${() => page.change("token", 0)}>
          Class token
        </button>
      </div>
    </div>`;
}

/** The patches with the one that looks framed. */
class PatchSheet extends Heatmap {
  update(data, token) {
    super.update(data, 1);
    this.keep(token > 0 ? [token - 1] : null);
  }
}

/** What each column of the patch embedding looks for. */
export function Filters({ frame }) {
  const about = html`<h2>What a patch is asked</h2>
    <p class="about">
      One small image a column of the embedding: orange pixels count for it, blue ones against it. They grow out of noise
      while your own network learns.
    </p>`;
  if (!frame) return html`${about}<p class="empty">The images appear when Python runs.</p>`;
  const { filters, range } = frame.arrays;
  const options = {
    label: `Patch embedding, ${filters.shape[0]} images of ${filters.shape[1]} by ${filters.shape[2]}.`,
    test: "filters",
    shape: filters.shape,
    maxHeight: 200,
    describe: (tile, row, column, value) => `column ${tile}, row ${row}, column ${column}: ${signed(value, 4)}`,
  };
  return html`${about}
    <${Chart} key=${filters.shape.join()} kind=${Heatmap} options=${options} args=${[filters.data, range.data[0]]} />
    <${Scale} limit=${range.data[0]} what="Weights" />`;
}
