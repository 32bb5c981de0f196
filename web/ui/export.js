// Pictures of a panel as files. A chart is SVG already; a canvas is put into one.
import { download } from "./files.js";

const NS = "http://www.w3.org/2000/svg";
const STYLE = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "font"]; // what the style sheet says, and a file has to
const ZOOM = 2;

const drawings = (root) => [...root.querySelectorAll("svg:not(svg svg, .pad), .heatmap > canvas:first-child, .tile canvas")];

/** A drawing as an SVG of its own, with the page's paper below it. */
function standalone(drawing) {
  const { width, height } = drawing.getBoundingClientRect();
  const make = (name, facts) => {
    const node = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(facts)) node.setAttribute(key, value);
    return node;
  };
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, xmlns: NS });
  const image = (href) => make("image", { width, height, href, "image-rendering": "pixelated" });
  const parts = drawing instanceof HTMLCanvasElement ? [image(drawing.toDataURL())] : dressed(drawing).childNodes;
  svg.append(make("rect", { width, height, fill: getComputedStyle(document.body).backgroundColor }), ...parts);
  return svg;
}

function dressed(drawing) {
  const copy = drawing.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  drawing.querySelectorAll("*").forEach((node, i) => {
    const style = getComputedStyle(node);
    copies[i].removeAttribute("class");
    copies[i].style.cssText = STYLE.map((name) => `${name}: ${style.getPropertyValue(name)}`).join("; ");
  });
  return copy;
}

const text = (svg) => new XMLSerializer().serializeToString(svg);
const named = (name, i, all, kind) => `bitladder-${name}${all.length > 1 ? `-${i + 1}` : ""}.${kind}`;

export function saveSvg(root, name) {
  drawings(root).forEach((drawing, i, all) => download(text(standalone(drawing)), named(name, i, all, "svg"), "image/svg+xml"));
}

export async function savePng(root, name) {
  for (const [i, svg, all] of drawings(root).map((drawing, i, all) => [i, standalone(drawing), all])) { // all as they are now
    const picture = new Image();
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text(svg))}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(ZOOM * svg.getAttribute("width"), ZOOM * svg.getAttribute("height"));
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    download(await canvas.convertToBlob(), named(name, i, all, "png"), "image/png");
  }
}

export const hasDrawings = (root) => drawings(root).length > 0;
