// Pictures for the pad: from a file the reader chose, or from an array the engine sent.

import { painted } from "./colormap.js";
import { byteArray } from "./files.js";
import { rgb } from "./theme.js";

const MOST_PIXELS = 50_000_000; // as in pyapp/data/picture.py
const STRIP = 256; // rows taken from the canvas at a time
const SHOWN = 560; // pixels of the longer side are enough to show

/**
 * An image file -> {href (to show), inputs: {image (uint8 [H, W, 4], upright)} (what Python gets)}. Only decodes: paper, ink and
 * size are Python's, and how a WebP file's EXIF turns it, which browsers ignore: null is to be shown. Rejects with a sentence.
 */
export async function readPicture(file) {
  let [bitmap, webp] = [null, null];
  try {
    if (file.type === "image/webp") webp = new Uint8Array(await file.arrayBuffer());
    if (!(webp?.[20] & 8)) webp = null; // without EXIF
    bitmap = await createImageBitmap(file, { imageOrientation: webp ? "none" : "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new Error(`${file.name} is not a picture that this browser can read; save it as PNG or JPEG and open that.`);
  }
  try {
    const { width, height } = bitmap;
    if (width * height > MOST_PIXELS) throw new Error(`${file.name}: the picture has more than ${MOST_PIXELS / 1_000_000} million pixels; make it smaller and try again`);
    const image = { shape: [height, width, 4], dtype: "uint8", data: rgba(bitmap) };
    return { href: webp ? null : small(bitmap), inputs: webp ? { image, webp: byteArray(webp) } : { image } };
  } finally {
    bitmap.close();
  }
}

/** All values of a bitmap, taken in strips: a canvas of the whole could be larger than a phone allows. */
function rgba(bitmap) {
  const { width, height } = bitmap;
  const data = new Uint8Array(4 * width * height);
  const context = sheet(width, Math.min(STRIP, height)).getContext("2d", { willReadFrequently: true });
  for (let top = 0; top < height; top += STRIP) {
    const rows = Math.min(STRIP, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    data.set(context.getImageData(0, 0, width, rows).data, 4 * width * top);
  }
  return data;
}

/** An array [rows, columns] of 0..1 as a picture, a cell a pixel, in the colours of ink on paper. */
export const drawArray = ({ shape: [rows, columns], data }) => painted({ data, rows, columns, map: "grey" }).toDataURL();

function small(bitmap) {
  const scale = Math.min(1, SHOWN / Math.max(bitmap.width, bitmap.height));
  const canvas = sheet(Math.ceil(bitmap.width * scale), Math.ceil(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL();
}

const sheet = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

const SEEN_THROUGH = 150; // of 255

/** An array [rows, columns] of 0..1 as ink that one can see through. */
export function inkOf({ shape: [rows, columns], data }) {
  const canvas = sheet(columns, rows);
  const [context, colour] = [canvas.getContext("2d"), rgb("heat-ink")];
  const image = context.createImageData(columns, rows);
  for (let i = 0; i < data.length; i += 1) image.data.set([...colour, SEEN_THROUGH * data[i]], 4 * i);
  context.putImageData(image, 0, 0);
  return canvas;
}
