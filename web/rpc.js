// Request, reply and event over a MessagePort or a Worker. The three kinds of message, all plain data:
//   call   { id, method, args }      page -> worker
//   reply  { id, result } or { id, error: { type, message, hint, param, page, line, function } }
//   event  { event, data }           worker -> page
// Arrays in them are { shape, dtype, data } with a typed array:

export const TYPES = { float32: Float32Array, float64: Float64Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array };

/**
 * The asking side. `call(method, args)` returns a promise of the result. `on(event, fn)` listens and returns a function that
 * stops. `close()` rejects what is pending.
 * A worker whose script cannot be loaded at all, or that throws outside of a call, reports an "error" event like any other.
 * What is no such message is ignored: edited code can send any.
 */
export function connect(port) {
  const pending = new Map();
  const listeners = new Map();
  let lastId = Math.floor(Math.random() * 2 ** 40); // unpredictable, so that edited code cannot forge a reply
  let closed = false;

  const emit = (event, data) => listeners.get(event)?.forEach((fn) => fn(data));

  const onMessage = ({ data: message }) => {
    if (typeof message?.event === "string") return emit(message.event, message.data);
    const waiting = pending.get(message?.id);
    if (!waiting) return;
    pending.delete(message.id);
    if (message.error) waiting.reject(toError(message.error));
    else waiting.resolve(message.result);
  };
  const onError = (problem) => {
    problem.preventDefault(); // it is reported here, and is no uncaught error of the page
    emit("error", {
      type: "WorkerError",
      message: problem.message || "worker.js could not be loaded",
      hint: "Check the connection and try again.",
    });
  };

  port.addEventListener("message", onMessage);
  port.addEventListener("error", onError);
  port.start?.();

  return {
    call(method, args = {}) {
      if (closed) return Promise.reject(closedError(method));
      return new Promise((resolve, reject) => {
        const id = ++lastId;
        port.postMessage({ id, method, args }); // throws, and so rejects, if args cannot be cloned
        pending.set(id, { method, resolve, reject });
      });
    },
    on(event, fn) {
      if (!listeners.has(event)) listeners.set(event, new Set());
      listeners.get(event).add(fn);
      return () => listeners.get(event).delete(fn);
    },
    close() {
      closed = true;
      port.removeEventListener("message", onMessage);
      port.removeEventListener("error", onError);
      for (const { method, reject } of pending.values()) reject(closedError(method));
      pending.clear();
      listeners.clear();
    },
  };
}

/**
 * The answering side. `handler(method, args)` returns the result or a promise of it; what it throws is sent as data.
 * The buffers of typed arrays in a result are transferred, not copied: a handler must not use them again.
 */
export function serve(port, handler) {
  const post = port.postMessage.bind(port); // edited code may put another function in its place
  port.addEventListener("message", async ({ data: { id, method, args } }) => {
    try {
      const result = await handler(method, args);
      post({ id, result }, buffersIn(result));
    } catch (error) {
      post({ id, error: toData(error) });
    }
  });
  port.start?.();
  return {
    emit: (event, data) => post({ event, data }, buffersIn(data)),
  };
}

/** An error as plain data: what is thrown may hold things that cannot be cloned. */
export function toData(error) {
  return {
    type: error?.type ?? error?.name ?? "Error",
    message: error?.message ?? String(error),
    hint: error?.hint ?? "",
    ...Object.fromEntries(["param", "page", "line", "function"].map((fact) => [fact, error?.[fact] ?? null])),
  };
}

/** Plain data as an error that can be thrown. */
const toError = ({ message, ...facts }) => Object.assign(new Error(message), facts);

const closedError = (method) => toError({ type: "Closed", message: `The engine was closed before it answered "${method}"` });

function buffersIn(value, found = new Set()) {
  if (ArrayBuffer.isView(value)) found.add(value.buffer);
  else if (value !== null && typeof value === "object") Object.values(value).forEach((item) => buffersIn(item, found));
  return [...found];
}
