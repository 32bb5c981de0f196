import { html, render } from "preact";
import { descending, Fit, LossFromAbove, Reached, Readings, small } from "./rung-descent.js";

export const panels = ["picture", "numbers", "loss"];
export const training = true;
export const controls = [["Line", ["w", "b"]], ["Descent", ["rate"]]];

/** Rung 1: a line, its loss, two gradients. */
export const create = (page) => descending((slot, frame) => {
  render(html`<${Picture} page=${page} frame=${frame} />`, slot("picture"));
  render(html`<${Numbers} frame=${frame} />`, slot("numbers"));
});

function Picture({ page, frame }) {
  const best = frame && [frame.scalars.closed_w, frame.scalars.closed_b];
  return html`<h2>The line and its loss</h2>
    <p class="about">Move w and b with the sliders, or drag the point at the right. The cross is where the formula ends.</p>
    <div class="pair"><${Fit} arrays=${frame?.arrays} /><${LossFromAbove} page=${page} frame=${frame} best=${best} /></div>`;
}

function Numbers({ frame }) {
  const { scalars } = frame ?? { scalars: {} };
  return html`<h2>Descent and formula</h2>
    <div class="pair">
      <${Reached} frame=${frame} />
      <div>
        <${Readings} caption="By the formula" items=${[
          ["w by the formula", small(scalars.closed_w), "closed-w"],
          ["b by the formula", small(scalars.closed_b), "closed-b"],
          ["its MSE", small(scalars.closed_loss), "closed-loss"],
        ]} />
        <p class="doc">
          A line has a formula for its best w and b, and it needs no steps. Bend the line once, and no formula is left;
          a gradient still is. That is why everything above this rung goes down step by step.
        </p>
      </div>
    </div>`;
}
