import { html } from "preact";
import { download } from "../ui/files.js";
import { fixed } from "../ui/format.js";
import { Tiles } from "../ui/tiles.js";
import { Bars } from "./generator-readouts.js";

const empty = (what) => html`<p class="empty">${what} when Python has started.</p>`;
const colour = (bits) => (bits === null ? "float" : "quant");

/** Nine pictures, and where the next ones come from. */
export function Batch({ page, scalars, arrays }) {
  const title = html`<h2>Nine digits out of a seed</h2>
    <p class="about">
      Each seed gives ten numbers between −1 and 1, and these decide which digit is meant; below a picture stands the digit with
      the largest coefficient. The same seed gives the same pixels on every machine. Click a picture to look at it below.
    </p>`;
  const make = html`<p class="row">
    <button type="button" class="primary" data-test="next" disabled=${!scalars} onClick=${() => page.change("seed", String(scalars.next_seed))}>Next nine</button>
    <button type="button" data-test="random" disabled=${!scalars} onClick=${() => random(page)}>Random seed</button>
    <button type="button" data-test="save-png" disabled=${!scalars} onClick=${() => save(page, "png")}>Save PNG</button>
    <button type="button" data-test="save-json" disabled=${!scalars} onClick=${() => save(page, "json")}>Save latents</button>
  </p>`;
  if (!scalars) return html`${title}${make}${empty("The pictures appear")}`;
  const { labels, seeds, picked, bits, seed_note: note, generator, asked } = scalars;
  return html`${title}
    ${note && html`<p class="note" role="status" data-test="seed-note">${note}.</p>`}
    <p class="plot-name">
      <span class=${colour(bits)} data-test="which">${generator === "mini" ? "mini decoder" : "teacher"}, ${bits === null ? "float" : `${bits} bits`}</span>, seed${" "}
      <span class="number" data-test="seed-used">${seeds[0]}</span>${asked === null ? "" : `, asked for ${asked}${alike(scalars) ? ": of this digit it has one picture" : ""}`}
    </p>
    <${Tiles}
      test="sheet"
      kind="large"
      pictures=${arrays.sheet}
      picked=${picked}
      pick=${(i) => page.change("picked", i)}
      name=${(i) => `a ${labels[i]}, seed ${seeds[i]}`}
      words=${(i) => html`<b class="number" data-test=${`label-${i}`}>${labels[i]}</b> <span class="number muted">${seeds[i]}</span>`}
    />
    ${make}`;
}

async function random(page) {
  const answer = await page.predictEach({ random: true });
  if (answer) page.change("seed", String(answer.scalars.seed));
}

async function save(page, kind) {
  const answer = await page.predictEach({ save: kind });
  if (answer) download(answer.arrays.file.data, answer.scalars.name, kind === "png" ? "image/png" : "application/json");
}

/** What the mini decoder blends. */
export function Fields({ page, arrays }) {
  const title = html`<h2>The ten fields</h2>
    <p class="about">What the mini decoder blends: ${page.params.fields === "glyphs" ? "glyphs that Python draws from strokes" : "what the teacher writes for each digit on average"}.</p>`;
  if (!arrays) return html`${title}${empty("They appear")}`;
  return html`${title}
    <${Tiles} test="field" kind="small" pictures=${arrays.fields} name=${(i) => `field of the ${i}`} words=${(i) => html`<span class="number">${i}</span>`} />
    <p class="row">
      <button type="button" class="quiet" data-test="swap-fields" onClick=${() => page.change("fields", page.params.fields === "glyphs" ? "means" : "glyphs")}>
        ${page.params.fields === "glyphs" ? "Blend the teacher's means instead" : "Blend the glyphs instead"}
      </button>
    </p>`;
}

/** With a digit asked for, the mini decoder has nothing left to vary. */
const alike = ({ asked, generator }) => asked !== null && generator === "mini";
const ALIKE = "The digit was asked for, and the mini decoder has one picture of each: neither latents nor style change it.";
const BETWEEN_DIGITS = `A straight line from the picked picture's latents and style to those of another seed. Look where the digit changes:
  the teacher knows thin borders, so it writes one digit or the other; the mini decoder blends all the way.`;
const BETWEEN_STYLES = `The digit was asked for, so the latents do not count: a straight line from the picked picture's style to that of another
  seed. Look how the writing changes.`;

/** From the picked picture to another seed on a straight line. */
export function Walk({ page, scalars, arrays }) {
  const title = html`<h2>A walk through the latents</h2>
    <p class="about">${!scalars || scalars.asked === null ? BETWEEN_DIGITS : alike(scalars) ? ALIKE : BETWEEN_STYLES}</p>`;
  if (!scalars) return html`${title}${empty("The walk appears")}`;
  const { walk_labels: labels, walk_shares: shares, goal_note: note, goal, seeds, picked } = scalars;
  const last = labels.length - 1;
  const size = arrays.walk.shape[1] * arrays.walk.shape[2];
  const path = { shape: [last, ...arrays.walk.shape.slice(1)], data: arrays.walk.data.subarray(0, last * size) };
  const here = { shape: [1, ...arrays.walk.shape.slice(1)], data: arrays.walk.data.subarray(last * size) };
  return html`${title}
    ${note && html`<p class="note" role="status" data-test="goal-note">${note}.</p>`}
    <p class="plot-name">from seed <span class="number">${seeds[picked]}</span> to seed <span class="number" data-test="goal-used">${goal}</span>; click a picture to go there</p>
    <${Tiles}
      test="walk"
      kind="path"
      pictures=${path}
      pick=${(i) => page.change("at", shares[i])}
      name=${(i) => `a ${labels[i]} after ${fixed(100 * shares[i], 1)} % of the way`}
      words=${(i) => html`<span class="number">${labels[i]}</span>`}
    />
    <div class="walk-here">
      <${Tiles} test="walk-at" kind="large" pictures=${here} name=${() => `a ${labels[last]}`} words=${() => html`<b class="number" data-test="walk-label">${labels[last]}</b> <span class="number muted" data-test="walk-share">at ${fixed(shares[last], 3)}</span>`} />
      <${Bars} first=${scalars.walk_coefficients} best=${labels[last]} quantised=${scalars.bits !== null} test="walk-d" />
    </div>`;
}

/** What lies around the picked picture: in the latents, and among real digits. */
export function Neighbours({ scalars, arrays }) {
  const title = html`<h2>Around the picked picture</h2>`;
  if (!scalars) return html`${title}${empty("Its neighbours appear")}`;
  const { asked, neighbour_labels: labels, move, real_labels: real, real_distances: distances, read, labels: all, picked, recipes } = scalars;
  const n = labels.length / 2;
  const [what, sign, kind, question] =
    asked === null
      ? ["latent", "u", "ten", "which of the ten numbers does the digit hang on?"]
      : ["style number", "s", "eight", "what does each of the sixteen change?"];
  const name = (i) => `${labels[i]}: ${what} ${i % n} ${i < n ? "less" : "plus"} ${move}`;
  return html`${title}
    <p class="about" data-test="neighbours-about">
      ${alike(scalars) ? ALIKE : `One ${what} moved by ${fixed(move, 1)}, above down and below up: ${question}`} Below are the real digits, of
      the 5,000 that this page has, that are nearest. The teacher was not trained on these; to the 55,000 that it was trained on its 1,000 judged
      samples keep at least <span class="number" data-test="nearest-training">${fixed(recipes.teacher.nearest_training, 2)}</span>.
    </p>
    ${!alike(scalars) &&
    html`<${Tiles} test="neighbours" kind=${kind} pictures=${arrays.neighbours} name=${name} words=${(i) => html`<span class="number">${sign}${i % n}${i < n ? "−" : "+"} ${labels[i]}</span>`} />`}
    <p class="plot-name apart">
      meant as <span class="number">${all[picked]}</span>, read by the digits network as <span class="number" data-test="read">${read}</span>; nearest real digits, distance in units of full ink (0 to 28)
    </p>
    <${Tiles}
      test="real"
      kind="path"
      pictures=${arrays.real}
      name=${(i) => `a real ${real[i]}, distance ${fixed(distances[i], 2)}`}
      words=${(i) => html`<span class="number">${real[i]}</span> <span class="number muted" data-test=${`distance-${i}`}>${fixed(distances[i], 2)}</span>`}
    />`;
}
