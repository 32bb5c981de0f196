// Imported first by every worker: how many bytes of WebAssembly memory there are in it. The browser's own measurement of
// a page's memory leaves them out.
const memories = new Set();

function note(exports) {
  Object.values(exports).filter((each) => each instanceof WebAssembly.Memory).forEach((each) => memories.add(each));
}

WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
  construct(Memory, args) {
    const made = new Memory(...args);
    memories.add(made);
    return made;
  },
});
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(Instance, args) {
    const made = new Instance(...args);
    note(made.exports);
    return made;
  },
});
for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const made = await original(...args);
    note((made.instance ?? made).exports);
    return made;
  };
}

/** The bytes of all of them now. */
export function wasmBytes() {
  return [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}
