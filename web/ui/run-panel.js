import { html, render } from "preact";
import { fixed, percent } from "./format.js";
import { Plot } from "./plot.js";

/**
 * Curves and numbers of a training; a pinned run stays beside it.
 *
 * about        what one is looking at
 * plots        options of each plot, see ui/plot.js; lossPlot and accuracyPlot below make the usual two
 * rows         [[name of a scalar, label, format, name for tests]]
 * words(run)   a sentence below the numbers, or null
 * numbers      an element for the numbers; by default they stand below the curves
 */
export class RunPanel {
  #plots;
  #numbers;
  #rows;
  #words;
  #last = {};
  #pinned = null;

  constructor(root, page, { about, plots, rows, words = () => null, numbers = null }) {
    this.#rows = rows;
    this.#words = words;
    render(html`<${Layout} about=${about} plots=${plots} />`, root);
    const slot = (name) => root.querySelector(`[data-slot="${name}"]`);
    this.#numbers = numbers ?? slot("numbers");
    this.#plots = plots.map((options) => new Plot(slot(options.title), options));
    this.draw(page);
  }

  update(page, { frame, history, cleared }) {
    for (const plot of this.#plots) {
      if (cleared) plot.clear();
      plot.append(history);
    }
    this.#last = { step: frame.step, ...frame.scalars };
    this.draw(page);
  }

  draw(page) {
    const facts = { run: this.#last, pinned: this.#pinned, rows: this.#rows, words: this.#words(this.#last) };
    render(html`<${Numbers} ...${facts} pin=${() => this.#pin(page)} open=${page.open} />`, this.#numbers);
  }

  destroy() {
    for (const plot of this.#plots) plot.destroy();
  }

  #pin(page) {
    this.#pinned = this.#pinned ? null : this.#last;
    for (const plot of this.#plots) this.#pinned ? plot.pin() : plot.unpin();
    this.draw(page);
  }
}

export const lossPlot = (lines) => ({
  title: "Loss",
  yLabel: "loss in nats",
  range: (_, low, high) => [0, Math.max(high ?? 2.5, 0.1)],
  tick: (y) => fixed(y, 1),
  empty: "Press Play: the curves grow here.",
  lines,
});

export const accuracyPlot = (lines, range = () => [0, 1]) => ({
  title: "Accuracy",
  yLabel: "accuracy",
  range,
  format: percent,
  tick: (y) => percent(y, 0),
  lines,
});

function Layout({ about, plots }) {
  return html`<h2>Training</h2>
    <p class="about">${about}</p>
    <div class="run-plots">${plots.map(({ title }) => html`<div data-slot=${title}></div>`)}</div>
    <div data-slot="numbers"></div>`;
}

function Numbers({ run, pinned, rows, words, pin, open }) {
  return html`<table class="numbers">
      <caption class="unseen">Numbers of this run</caption>
      ${pinned && html`<thead><tr><td></td><th scope="col">this run</th><th scope="col">pinned</th></tr></thead>`}
      <tbody>
        ${rows.map(
          ([name, label, format, test]) => html`<tr>
            <th scope="row">${label}</th>
            <td class="number" data-test=${test}>${format(run[name])}</td>
            ${pinned && html`<td class="number muted">${format(pinned[name])}</td>`}
          </tr>`,
        )}
      </tbody>
    </table>
    ${words && html`<p class="doc">${words}</p>`}
    <p><button type="button" data-test="pin" aria-pressed=${Boolean(pinned)} disabled=${!open || !run.step} onClick=${pin}>
      ${pinned ? "Unpin" : "Pin this run to compare"}
    </button></p>`;
}
