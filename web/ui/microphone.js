import { html, useEffect, useRef, useState } from "preact";

// A word from the microphone as a WAV file: Python reads it as any other, resamples it and finds its loud second.

const [MS, RATE] = [2000, 48_000]; // so long that who speaks late is heard too; of the file, with which MediaRecorder's codec, Opus, works
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/** A button that records; `pick(file)` gets the sound, `refuse({message, hint})` hears why there is none, and null when it is tried again. */
export function RecordButton({ label, disabled, pick, refuse }) {
  const [now, setNow] = useState(null); // what is under way
  const left = useRef(new AbortController()).current; // the reader has gone to another page
  useEffect(() => () => left.abort(), []);
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder) return html`<p class="doc">This browser gives the page no microphone: open a WAV file instead.</p>`;
  const record = async () => {
    refuse(null);
    setNow("Allow the microphone …");
    const file = await recorded(left.signal, () => setNow("Speak now …")).catch(({ name }) => {
      const denied = name === "NotAllowedError";
      if (!left.signal.aborted) refuse({ message: denied ? "the microphone may not be used" : "the microphone gave no sound",
        hint: `${denied ? "allow it for this page" : "check that it is connected"}, or open a WAV file` });
    });
    setNow(null);
    if (file && !left.signal.aborted) pick(file);
  };
  return html`<button type="button" data-test="record" disabled=${disabled || now} onClick=${record}>${now ?? label}</button>`;
}

/** What is said within MS; after that, or when `left` aborts, the microphone is free again. */
async function recorded(left, begun) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
  try {
    left.throwIfAborted();
    const recorder = new MediaRecorder(stream);
    const coded = new Promise((resolve) => (recorder.ondataavailable = ({ data }) => resolve(data.arrayBuffer()))); // when it stops, or is unplugged
    recorder.start();
    begun();
    for (const ends of [left, AbortSignal.timeout(MS)]) ends.onabort = () => recorder.state === "inactive" || recorder.stop();
    return wav(await coded);
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}

/** The first channel as float32: the head has the numbers of the format's documents (format 3, IEEE float). */
async function wav(coded) {
  const samples = (await new OfflineAudioContext(1, 1, RATE).decodeAudioData(coded)).getChannelData(0);
  const tag = (text) => new DataView(new TextEncoder().encode(text).buffer).getUint32(0, true);
  const head = [tag("RIFF"), 36 + samples.byteLength, tag("WAVE"), tag("fmt "), 16, 3 | (1 << 16), RATE, 4 * RATE, 4 | (32 << 16),
    tag("data"), samples.byteLength]; // little-endian, as are all machines that browsers run on
  return new File([new Uint32Array(head), samples], "microphone.wav");
}
