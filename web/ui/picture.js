// Pictures for the pad: from a file the reader chose, or from an array the engine sent.

import { colormap } from "./colormap.js";

const LARGEST = 280; // pixels a side are enough for a digit that ends up at 20

/** An image file -> {canvas (square, to show), grey (uint8 [H, W], what Python gets)}. Rejects with a sentence. */
export async function readPicture(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${file.name} is not a picture that this browser can read; use PNG, JPEG, GIF or WebP.`);
  }
  const scale = Math.min(1, LARGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = sheet(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // what is transparent counts as paper
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i += 1) grey[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  return { canvas: square(canvas), grey: { shape: [height, width], dtype: "uint8", data: grey } };
}

/** An array [rows, columns] of 0..1 as a canvas, a cell a pixel, in the colours of ink on paper. */
export function drawArray({ shape: [rows, columns], data }) {
  const canvas = sheet(columns, rows);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const { words, index } = colormap("grey");
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = words[index(data[i])];
  context.putImageData(image, 0, 0);
  return canvas;
}

function square(picture) {
  const side = Math.max(picture.width, picture.height);
  const canvas = sheet(side, side);
  canvas.getContext("2d").drawImage(picture, (side - picture.width) / 2, (side - picture.height) / 2);
  return canvas;
}

const sheet = (width, height) => Object.assign(document.createElement("canvas"), { width, height });
