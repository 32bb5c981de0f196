// The public JavaScript function (T. Ettinger), for seeds from standard input: [[seed, how many]] -> [[number]].

function mulberry32(a) {
  return function () {
    let t = (a += 0x6d2b79f5);
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text).map(([seed, count]) => {
  const next = mulberry32(seed);
  return Array.from({ length: count }, next);
});
process.stdout.write(JSON.stringify(answers));
