// An exported network on many digits, and its pad's drawings: node exported.mjs NETWORK.mjs DRAWING.mjs < {file, pixels, drawings}.
// Out: {digits: [read], logits codes or nothing, images: [784 numbers]}.
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [engine, pad] = await Promise.all(process.argv.slice(2).map((path) => import(pathToFileURL(path))));
const { file, pixels, drawings } = JSON.parse(await text(process.stdin));
const network = engine.load(file);
const bytes = Uint8Array.from(atob(pixels), (letter) => letter.charCodeAt(0));
const found = { digits: [], codes: [], probabilities: [], images: drawings.map((points) => [...pad.image(points)]) };
for (let at = 0; at < bytes.length; at += 784) {
  const { codes, probabilities } = engine.run(network, Array.from(bytes.slice(at, at + 784), (value) => Math.fround(value / 255)));
  found.digits.push(probabilities.indexOf(Math.max(...probabilities)));
  found.probabilities.push(probabilities);
  found.codes.push(codes.at(-1) ?? []);
}
process.stdout.write(JSON.stringify(found));
