import { html } from "preact";
import { percent } from "./format.js";

/**
 * One bar a class: `first` in ink, and where there is a `second`, in orange below it, with exact values beside.
 * Both are arrays of probabilities or null; the class with index `best` is set in bold.
 */
export function Bars({ classes, first, second, best, names = ["float", "quantised"] }) {
  return html`<table class=${`bars ${second ? "bars-two" : ""}`}>
    <caption class="unseen">Probability of each class</caption>
    <thead class="unseen">
      <tr>${["class", "bar", ...names.slice(0, second ? 2 : 1)].map((name) => html`<th scope="col">${name}</th>`)}</tr>
    </thead>
    <tbody>
      ${classes.map(
        (name, i) => html`<tr class=${i === best ? "best" : ""} data-test=${`bar-${name}`}>
          <th scope="row" title=${name}>${name}</th>
          <td class="bar-cell" aria-hidden="true">
            <span class="bar float" style=${length(first?.[i])}></span>
            ${second && html`<span class="bar quant" style=${length(second[i])}></span>`}
          </td>
          <td class="number float">${percent(first?.[i], 2)}</td>
          ${second && html`<td class="number quant">${percent(second[i], 2)}</td>`}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

const length = (p) => ({ transform: `scaleX(${p ?? 0})` });
