import { html } from "preact";
import { bytes, count, fixed, NOTHING, percent } from "../ui/format.js";
import { Tiles } from "../ui/tiles.js";

const NAMES = { teacher: "teacher", mini: "mini decoder" };
const empty = (what) => html`<p class="empty">${what} when Python has started.</p>`;
const bitsOf = (bits) => (bits === null ? "float" : `${bits} bits`);

/** Ten coefficients, d0 to d9; `second` are those of the quantised network. */
export function Bars({ first, second, best, quantised = false, test = "d" }) {
  const length = (p) => ({ transform: `scaleX(${p})` });
  return html`<table class=${`bars coefficients ${second ? "bars-two" : ""}`}>
    <caption class="unseen">Coefficients</caption>
    <tbody>
      ${Array.from(
        first,
        (p, i) => html`<tr class=${i === best ? "best" : ""}>
          <th scope="row" class="number">d${i}</th>
          <td class="bar-cell" aria-hidden="true">
            <span class=${`bar ${quantised ? "quant" : "float"}`} style=${length(p)}></span>${second && html`<span class="bar quant" style=${length(second[i])}></span>`}
          </td>
          <td class=${`number ${quantised ? "quant" : "float"}`} data-test=${`${test}${i}`}>${fixed(p, 2)}</td>
          ${second && html`<td class="number quant" data-test=${`${test}${i}-bits`}>${fixed(second[i], 2)}</td>`}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

/** The coefficients of the picked picture and the latents that they come from. */
export function Coefficients({ scalars }) {
  const title = html`<h2>Coefficients</h2>`;
  if (!scalars) return html`${title}${empty("They appear")}`;
  const { exact, coefficients, bits, labels, picked, seeds, entropies, latent, asked } = scalars;
  return html`${title}
    <p class="about">
      Of picture ${picked}, seed <span class="number" data-test="picked-seed">${seeds[picked]}</span>${asked === null ? "" : "; the digit was asked for, so the latents do not count"}.
      ${bits !== null && html` In ink <span class="float">float</span>, in orange <span class="quant">${bits} bits</span>.`}
    </p>
    <${Bars} first=${exact} second=${bits === null ? null : coefficients} best=${labels[picked]} />
    <dl class="facts apart">
      <div><dt>entropy</dt><dd class="number" data-test="entropy">${fixed(entropies[picked], 3)} nats</dd></div>
      <div><dt>latents</dt><dd class="number latents">${latent.map((u) => html`<span>${fixed(u, 2)}</span> `)}</dd></div>
    </dl>`;
}

/** Teacher and student with the same seeds, each in float and with the chosen bits. */
export function Sides({ page, scalars, arrays }) {
  const title = html`<h2>Teacher and student</h2>
    <p class="about">
      The same nine seeds through both. The student has only kept which part of the box of latents means which digit; framed is where it means
      another digit than the teacher. How a digit is written it does not know.
    </p>`;
  if (!scalars) return html`${title}${empty("Both appear")}`;
  const truth = scalars.sides.teacher_float;
  return html`${title}
    ${scalars.judged.map(({ generator, bits, bytes: size, numbers }) => {
      const key = `${generator}_${bits ?? "float"}`;
      const labels = scalars.sides[key];
      return html`<p class="plot-name" key=${key}>
          <span class=${bits === null ? "float" : "quant"}>${NAMES[generator]}, ${bitsOf(bits)}</span>: ${count(numbers)} numbers, ${" "}
          <span class="number" data-test=${`bytes-${key}`}>${bytes(size)}</span>${generator === "mini" ? " with its ten pictures" : ""}
        </p>
        <${Tiles}
          test=${`side-${key}`}
          kind="nine"
          pictures=${arrays[key]}
          pick=${(i) => page.change("picked", i)}
          picked=${scalars.picked}
          name=${(i) => `${NAMES[generator]}, ${labels[i]}`}
          words=${(i) => html`<span class=${`number ${labels[i] === truth[i] ? "" : "lost"}`}>${labels[i]}</span>`}
        />`;
    })}`;
}

/** What was lost, in numbers that a thousand samples give. */
export function Lost({ scalars }) {
  const title = html`<h2>What was lost</h2>
    <p class="about">
      1,000 samples, seeds 0 to 999, at this temperature. <b>Read as meant</b>: the pretrained digits network, which had no part in the training, reads the
      digit that the largest coefficient says. <b>Diversity</b>: how far two pictures of the same digit are apart on average, as a share of the
      same for real digits. <b>Agreement</b>: the digit that is meant is the one that the teacher in float means.
    </p>`;
  if (!scalars) return html`${title}${empty("The numbers appear")}`;
  const { judged, recipes } = scalars;
  return html`${title}
    <div class="wide">
      <table class="numbers lost-table" data-test="judged">
        <thead><tr>${["generator", "read as meant", "diversity", "agreement"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>
          ${judged.map(({ generator, bits, read, diversity, agreement }) => {
            const key = `${generator}_${bits ?? "float"}`;
            const kind = bits === null ? "float" : "quant";
            return html`<tr key=${key}>
              <th scope="row" class=${kind}>${NAMES[generator]}, ${bitsOf(bits)}</th>
              <td class="number ${kind}" data-test=${`read-${key}`}>${read === null ? NOTHING : percent(read)}</td>
              <td class="number ${kind}" data-test=${`diversity-${key}`}>${diversity === null ? NOTHING : percent(diversity)}</td>
              <td class="number" data-test=${`agreement-${key}`}>${agreement === null ? NOTHING : percent(agreement)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    <p class="doc">
      ${judged.some(({ read }) => read === null) ? "Still being measured. " : ""}When the weights were made: a nearest-neighbour classifier on the shipped digits
      reads <span class="number" data-test="neighbour">${percent(recipes.teacher.neighbour)}</span> of the teacher's samples as meant; the distillation ended at
      a divergence of <span class="number">${fixed(recipes.mini.loss, 4)}</span> nats.
    </p>`;
}
