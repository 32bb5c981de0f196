// The command that the page's menu copies: [[page's declaration, parameters, steps]] in, [command] out.
import { text } from "node:stream/consumers";
import { WEB } from "./imports.mjs";

const { command } = await import(new URL("state.js", WEB));
console.log(JSON.stringify(JSON.parse(await text(process.stdin)).map((asked) => command(...asked))));
