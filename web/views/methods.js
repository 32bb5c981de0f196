import { html, render } from "preact";
import { count, fixed } from "../ui/format.js";
import { workbench } from "../ui/workbench.js";
import { Costs } from "./methods-costs.js";
import { Picture } from "./methods-picture.js";
import { chapters } from "./methods-story.js";
import { Table } from "./methods-table.js";

const PANELS = { table: Table, picture: Picture, costs: Costs };
const CONTROLS = [
  ["Codes", ["bits", "shift"]],
  ["Logits", ["logits", "text", "rows", "length", "seed"]],
  ["Table", ["sort", "best"]],
  ["Picture", ["method", "row"]],
];

/** All softmax methods on the same codes: a table, a picture of one, and what each costs in hardware. */
export function mount(root, page) {
  const latest = { frame: null }; // for what reads values long after it was drawn

  function draw(event, slot) {
    if (event) latest.frame = event.frame;
    for (const [name, Panel] of Object.entries(PANELS))
      render(html`<${Panel} page=${page} latest=${latest} ...${latest.frame ?? {}} />`, slot(name));
  }

  return workbench(root, page, {
    stage: ["table", "picture"],
    wide: ["costs"],
    controls: CONTROLS,
    auto: true,
    chapters,
    draw,
    summary: ({ scalars: { rows, measured, total } }) => {
      const chosen = rows.find(({ name }) => name === page.params.method);
      return measured < total ? `${count(measured)} of ${count(total)}` : `${chosen.title}: ${fixed(chosen.found?.l1_per_row, 4)}`;
    },
  });
}
