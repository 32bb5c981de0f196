import { fixed, percent } from "../ui/format.js";
import { Lanes } from "../ui/lanes.js";
import { visible } from "./text-block.js";

const lanes = (float, quant) => [
  { title: "float", colour: "float", values: float },
  { title: "quantised", colour: "quant", values: quant },
];

/** With what probability each character follows, one bar per character of the vocabulary. */
export class NextBars extends Lanes {
  constructor(host) {
    super(host, { label: "Probability of each next character: float, quantised.", test: "next-bars", height: 176 });
  }

  update(characters, float, quant, limit, picked) {
    const words = (i) => `${visible(characters[i])}  float ${percent(float[i], 3)}, quantised ${percent(quant[i], 3)}`;
    super.update({ lanes: lanes(float, quant), labels: Array.from(characters, visible), limit, picked, words });
  }
}

/** How much the picked character looked at each character of its window. */
export class LookBars extends Lanes {
  constructor(host) {
    super(host, { label: "Attention to each character: float, quantised.", test: "look-bars", height: 144 });
  }

  update(characters, start, float, quant, limit) {
    const words = (i) =>
      `${visible(characters[i])} (number ${start + i + 1})  float ${fixed(float[i], 4)}, quantised ${fixed(quant[i], 4)}`;
    super.update({ lanes: lanes(float, quant), labels: Array.from(characters, visible), limit, picked: characters.length - 1, words });
  }
}
