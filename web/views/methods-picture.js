import { html } from "preact";
import { Chart } from "../ui/chart.js";
import { count, fixed, signed } from "../ui/format.js";
import { Heatmap } from "../ui/heatmap.js";
import { Scale } from "../ui/scale.js";

const IMAGES = [
  { name: "float", title: () => "Float softmax of the logits", colour: "float" },
  { name: "method", title: ({ title }) => `${title}, from the codes`, colour: "quant" },
  { name: "difference", title: () => "Difference: the second less the first", colour: "" },
];

/** Some rows of one method's probabilities beside the float ones, and what is between them. */
export function Picture({ latest, scalars }) {
  if (!scalars) return html`<h2>A picture of the error</h2><p class="empty">Click a method in the table to see where it goes wrong.</p>`;
  const { picture } = scalars;
  return html`<h2 data-test="picture-title">Where ${picture.title} goes wrong</h2>
    <p class="about">
      A line is a softmax, a cell one probability; the exponential stretches small differences of logits, so that a code more or less
      is a factor in the probability. Look for lines whose difference has one colour: there the method loses or wins mass, instead of
      moving it.
    </p>
    <p class="doc" data-test="picture-rows">
      Rows ${count(picture.first)} to ${count(picture.first + picture.rows - 1)} of ${count(picture.of_rows)}, columns 0 to
      ${" "}${count(picture.columns - 1)} of ${count(picture.of_columns)}.
      ${picture.unit < 1 && html` One code of the method is a probability of <span class="number">${fixed(picture.unit, 6)}</span>.`}
      ${picture.broken.length > 0 && html` <span class="bad" data-test="picture-broken">Broken: ${picture.broken.join(", ")}.</span>`}
    </p>
    ${IMAGES.map((image) => html`<${Image} key=${image.name} ...${image} latest=${latest} picture=${picture} />`)}
    <${Scale} limit=${picture.limit} what="Probabilities and their difference" />`;
}

function Image({ name, title, colour, latest, picture }) {
  const { arrays } = latest.frame;
  const shape = [picture.rows, picture.columns];
  const options = {
    label: `${title(picture)}, ${picture.rows} rows by ${picture.columns} columns.`,
    test: `picture-${name}`,
    shape,
    maxHeight: 320,
    describe: (_, row, column) => words(latest.frame, row, column),
  };
  return html`<figure class="error-picture">
    <figcaption class=${colour}>${title(picture)}</figcaption>
    <${Chart} key=${shape.join()} kind=${Heatmap} options=${options} args=${[arrays[name].data, picture.limit]} />
  </figure>`;
}

function words({ arrays, scalars: { picture } }, row, column) {
  const i = row * picture.columns + column;
  const { float, method, difference, codes } = arrays;
  return `row ${picture.first + row}, column ${column}, code ${fixed(codes.data[i], 0)}
float ${fixed(float.data[i], 5)}, method ${fixed(method.data[i], 5)}, difference ${signed(difference.data[i], 5)}`;
}
