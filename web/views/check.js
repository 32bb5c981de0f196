import { html, render } from "preact";
import { scientific } from "../ui/format.js";

const COLUMNS = ["call", "what is compared", "largest difference", "allowed", "verdict"];
const EMPTY = { waiting: "The check runs as soon as Python is there.", running: "Running …", stopped: "Nothing was compared." };

/** Check this browser: one fixture a step, a row each; green only when every bound holds. */
export function mount(root, page) {
  let rows = [];
  let state = "waiting"; // "waiting" | "running" | "done" | "stopped"
  let mounted = true;

  async function run() {
    rows = [];
    state = "running";
    draw();
    for (;;) {
      const answer = await page.advance({ steps: 1 });
      if (!mounted) return;
      const facts = answer?.frame.scalars;
      if (answer && answer.frame.step > rows.length) rows = [...rows, facts];
      if (!answer || facts.done || answer.done) {
        finish(facts);
        return;
      }
      draw();
    }
  }

  /** Proven is only what ran to its end with every row holding. */
  function finish(facts) {
    state = facts?.done ? "done" : "stopped";
    if (facts?.done) {
      const { passed, total } = facts;
      page.prove({ ok: passed === total && rows.length === total && rows.every(({ ok }) => ok), passed, total });
    }
    draw();
  }

  function draw() {
    render(html`<${Check} page=${page} rows=${rows} state=${state} again=${() => page.reset()} />`, root);
  }

  const stop = page.listen((event) => {
    if (event.type === "open") run();
    else if (event.type === "messages") draw();
  });
  draw();

  return {
    unmount() {
      mounted = false;
      stop();
    },
  };
}

function Check({ page, rows, state, again }) {
  return html`<article class="page">
    <header class="lead">
      <h1>${page.meta.title}</h1>
      <p>${page.meta.summary}</p>
    </header>
    <${Summary} rows=${rows} state=${state} />
    <div class="wide">
      <table class="numbers checks">
        <caption class="unseen">Differences between this browser and CPython</caption>
        <thead>
          <tr>${COLUMNS.map((name) => html`<th scope="col">${name}</th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map((row) => html`<${Row} ...${row} />`)}
          ${rows.length === 0 && html`<tr><td colspan=${COLUMNS.length} class="empty">${EMPTY[state]}</td></tr>`}
        </tbody>
      </table>
    </div>
    <p class="row measure">
      <button type="button" data-test="check-run" disabled=${!page.open || state === "running"} onClick=${again}>Run again</button>
    </p>
    <p class="about">
      Whole numbers must be equal: there the difference is how many are not. Real numbers may differ in their last digits,
      because browsers and processors add in different orders; a bound marked relative is a share of the recorded value.
    </p>
  </article>`;
}

function Summary({ rows, state }) {
  const held = rows.filter(({ ok }) => ok).length;
  const { total } = rows.at(-1) ?? {};
  const proven = state === "done" && held === total;
  const words = {
    waiting: "Not checked yet.",
    running: `${rows.length} of ${total ?? "…"} compared.`,
    done: proven ? `All ${total} hold: this browser computes what CPython computes.` : `${held} of ${total} hold.`,
    stopped: "The check could not be run to its end; nothing is proven.",
  };
  const colour = proven ? "good" : state === "done" || state === "stopped" ? "bad" : "";
  return html`<p class=${`summary ${colour}`} role="status" data-test="check-summary" data-proven=${proven}>
    ${words[state]}
  </p>`;
}

function Row({ name, what, difference, bound, exact, relative, ok }) {
  return html`<tr data-test="check-row" data-ok=${ok}>
    <th scope="row"><code>${name}</code></th>
    <td class="words">${what}</td>
    <td class="number" data-label="difference">${difference === null ? "not comparable" : scientific(difference)}</td>
    <td class="number" data-label="allowed">${exact ? "equal" : `${scientific(bound)}${relative ? " relative" : ""}`}</td>
    <td class=${`verdict ${ok ? "good" : "bad"}`}>${ok ? "holds" : "differs"}</td>
  </tr>`;
}
