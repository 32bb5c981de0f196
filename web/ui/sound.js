// Whether a page can draw an answer of a Python that edited code may have changed.

const MOST = 4_000_000; // bytes of a file or of a frame's arrays; pages whose code can be edited need a hundredth of that
const FRAMED = ["open", "advance", "background", "act", "change", "reset", "edit", "restore", "rewind"];
const SAME = ["advance", "background", "edit"]; // show what the last frame showed; other calls may show more, or less

/** An answer's fault as the end of a sentence, or null. before: the page's last frame that was sound; known: its parameters. */
export function fault(method, answer, before, known = {}) {
  if (method === "save") return answer?.file && size(answer.file) <= MOST ? null : "it saves no file of this run";
  if (!FRAMED.includes(method)) return null;
  if (!isObject(answer) || !isFrame(answer.frame)) return "it answers with something else than a picture of the run";
  const { frame, history = {}, params = known, notes = [], edited = [], printed = "", error = null } = answer;
  const points = isObject(history) && Object.values(history).every((one) => isArray(one?.step) && isArray(one?.value));
  const texts = [...listed(notes), ...listed(edited), printed, ...(error === null ? [] : [error?.type, error?.message])];
  const complete = isObject(params) && Object.keys(known).every((name) => Object.hasOwn(params, name));
  if (!points || !complete || !texts.every(isText)) return "its answer cannot be read";
  if (SAME.includes(method) && before && !shows(frame, before)) return "its picture of the run lacks something";
  return null;
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const listed = (value) => (Array.isArray(value) ? value : [null]); // null is no text
const size = ({ data }) => data?.byteLength ?? 0;

function isArray(value) {
  return Array.isArray(value?.shape) && ArrayBuffer.isView(value.data)
    && value.shape.reduce((product, length) => product * length, 1) === value.data.length;
}

function isFrame(frame) {
  if (!isObject(frame)) return false;
  const { step, scalars = {}, arrays = {}, notes } = frame;
  return Number.isFinite(step) && isObject(scalars) && isObject(arrays) && listed(notes).every(isText)
    && Object.values(arrays).every(isArray) && Object.values(arrays).reduce((sum, one) => sum + size(one), 0) <= MOST;
}

/** Whether a frame has all that another one has, each of the same kind. */
function shows({ scalars = {}, arrays = {} }, before) {
  const alike = ([name, value]) => Object.hasOwn(scalars, name) && (value === null || scalars[name] === null || kind(scalars[name]) === kind(value));
  const same = ([name, { dtype, shape }]) =>
    Object.hasOwn(arrays, name) && arrays[name].dtype === dtype && arrays[name].shape.length === shape.length;
  return Object.entries(before.scalars ?? {}).every(alike) && Object.entries(before.arrays ?? {}).every(same);
}

const kind = (value) => (Array.isArray(value) ? "list" : typeof value);
