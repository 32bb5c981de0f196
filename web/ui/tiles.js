import { html, useEffect, useRef } from "preact";
import { drawArray } from "./picture.js";
import { onTheme } from "./theme.js";

/**
 * Small pictures in a row or a grid, each with words below it. `pictures` is an array [N, rows, columns] of bytes, 255 is ink.
 *
 * words(i)     what stands below picture i: any content, or null
 * name(i)      the picture in words, for those who do not see it
 * pick(i)      makes each picture a button; `picked` is the one that is chosen
 * kind         a class besides: "large", "small"
 */
export function Tiles({ pictures, words, name, pick, picked = null, kind = "", test }) {
  const [n, rows, columns] = pictures.shape;
  const size = rows * columns;
  const of = (i) => pictures.data.subarray(i * size, (i + 1) * size);
  return html`<div class=${`tiles ${kind}`} data-test=${test}>
    ${Array.from({ length: n }, (_, i) => {
      const content = html`<${Picture} data=${of(i)} rows=${rows} columns=${columns} name=${name(i)} />${words && html`<span class="tile-words">${words(i)}</span>`}`;
      if (!pick) return html`<figure class="tile" key=${i}>${content}</figure>`;
      return html`<button type="button" class="tile" key=${i} aria-pressed=${i === picked} data-test=${`${test}-${i}`} onClick=${() => pick(i)}>
        ${content}
      </button>`;
    })}
  </div>`;
}

function Picture({ data, rows, columns, name }) {
  const target = useRef(null);
  useEffect(() => {
    const draw = () => {
      const grey = { shape: [rows, columns], data: Float32Array.from(data, (ink) => ink / 255) };
      target.current.replaceChildren(drawArray(grey));
    };
    draw();
    return onTheme(draw);
  }, [data]);
  return html`<span class="tile-picture" role="img" aria-label=${name} ref=${target}></span>`;
}
