import { html, useEffect, useState } from "preact";
import { load } from "../modules.js";
import { Formula } from "./formula.js";
import { Bars } from "./kinds/bars.js";
import { Histogram } from "./kinds/bins.js";
import { Chart, Curves } from "./kinds/charts.js";
import { Equation, Matrix } from "./kinds/matrix.js";
import { Buttons, Heatmap, Images, Scale } from "./kinds/pictures.js";
import { Facts, Table } from "./kinds/table.js";
import { Heading, Progress, Text, Words, Work } from "./kinds/words.js";
import { Trouble } from "./trouble.js";
import { Rich } from "./words.js";

const KINDS = {
  words: Words, heading: Heading, work: Work, progress: Progress, text: Text, table: Table, facts: Facts, chart: Chart, bars: Bars, curves: Curves,
  histogram: Histogram, heatmap: Heatmap, scale: Scale, images: Images, buttons: Buttons, each: Each, beside: Beside, together: Blocks,
  more: More, matrix: Matrix, equation: Equation,
  formula: ({ block }) => html`<${Formula} tex=${block.tex} />`,
  code: (facts) => html`<${Fetched} path="ui/live-code.js" facts=${facts} />`,
  custom: (facts) => html`<${Fetched} path=${`views/${facts.block.module}.js`} facts=${facts} />`, // what no kind draws
};

/** The parts of a panel, each drawn by its kind, which may draw parts too; those that come with a condition only while it holds. */
export function Blocks({ block, scope, page }) {
  return block.blocks.map((part, i) => {
    const Kind = KINDS[part.kind];
    return scope.holds(part.when) && html`<${Kind} key=${i} block=${part} scope=${scope} page=${page} Blocks=${Blocks} />`;
  });
}

const NARROW = 100; // pixels: such columns stay beside each other on a phone
const columns = (width) => ({ "--least": `${width}px` });

function Each({ block, scope, page }) {
  return html`<div class="columns" style=${columns(block.width ?? 320)}>
    ${(scope.get(block.over) ?? []).map((item, i) => html`<div key=${i}><${Blocks} block=${block} scope=${scope.inside(item, i)} page=${page} /></div>`)}
  </div>`;
}

function Beside({ block, scope, page }) {
  const { width = 260 } = block;
  return html`<div class=${`columns ${width < NARROW ? "tight" : ""}`} style=${columns(width)}>
    ${block.blocks.map((part, i) => scope.holds(part.when) && html`<div key=${i}><${Blocks} block=${{ blocks: [part] }} scope=${scope} page=${page} /></div>`)}
  </div>`;
}

function More({ block, scope, page }) {
  return html`<details class="more"><summary><${Rich} text=${block.summary} scope=${scope} /></summary>
    <${Blocks} block=${block} scope=${scope} page=${page} /></details>`;
}

/** A component that few pages need comes when it is needed. */
function Fetched({ path, facts }) {
  const [Component, set] = useState(null);
  const [trouble, fail] = useState(null);
  const bring = (again) => load(path, again).then(({ default: found }) => set(() => found), fail);
  useEffect(() => void bring(), []);
  if (Component) return html`<${Component} ...${facts} />`;
  return html`<${Trouble} trouble=${trouble} test="part-trouble" retry=${() => bring(true)} />`;
}
