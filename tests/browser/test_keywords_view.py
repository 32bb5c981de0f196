"""What a person does on the page Keywords: hears another word, a WAV file of their own, and what they say."""

from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.importers import wav

MICROPHONE = """(samples) => {
    navigator.mediaDevices.getUserMedia = async () => {
        if (!samples) throw new DOMException("", "NotAllowedError");
        const context = new AudioContext();
        const buffer = context.createBuffer(1, samples.length, 8000);
        buffer.copyToChannel(new Float32Array(samples), 0);
        const [source, to] = [new AudioBufferSourceNode(context, { buffer }), context.createMediaStreamDestination()];
        source.connect(to);
        source.start(context.currentTime + 0.4);
        [globalThis.microphone] = to.stream.getTracks();
        return to.stream;
    };
}"""
FREE = "microphone.readyState === 'ended'"


def test_words_are_heard_and_a_file_of_ones_own_too(visit, tmp_path):
    tab = visit("#keywords")
    tab["word"].select_option("left")
    tab.wait_text("verdict", "Said: “left”. Float32 hears left")
    tab["by-bits"].locator("tbody tr").nth(4).wait_for()
    (tmp_path / "mine.wav").write_bytes(wav.written(speech.word("no", generator(3, "no")), speech.RATE))
    tab["load-file"].set_input_files(tmp_path / "mine.wav")
    tab.wait_text("verdict", "Said: mine.wav. Float32 hears no")


def test_a_word_is_recorded_and_the_microphone_is_let_go(visit):
    tab = visit("#keywords")
    tab["by-bits"].locator("tbody tr").nth(4).wait_for()
    tab.page.evaluate(MICROPHONE, None)
    tab["record"].click()
    tab.wait_text("load-error", "the microphone may not be used")
    tab["word"].select_option("left")
    tab.wait_text("verdict", "Said: “left”. Float32 hears left")
    assert tab["load-error"].count() == 0, "the reader has gone on"
    tab["record"].click()
    tab.wait_text("load-error", "the microphone may not be used")
    tab.page.evaluate(MICROPHONE, speech.word("no", generator(3, "no")).round(4).tolist())
    tab["record"].click()
    tab.wait_text("record", "Speak now")
    assert tab["load-error"].count() == 0, "it is tried again"
    tab.wait_text("verdict", "Said: microphone.wav. Float32 hears no")
    assert tab["load-error"].count() == 0 and tab.page.evaluate(FREE)
    tab["record"].click()
    tab.wait_text("record", "Speak now")
    tab.follow("#anomaly")
    tab.page.wait_for_function(FREE)
    tab.page.evaluate("delete navigator.mediaDevices.getUserMedia")
