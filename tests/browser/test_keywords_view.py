"""What a person does on the page Keywords: hears another word, and a WAV file of their own."""

from pyapp.core.rng import generator
from pyapp.data import speech
from pyapp.data.importers import wav


def test_words_are_heard_and_a_file_of_ones_own_too(visit, tmp_path):
    tab = visit("#keywords")
    tab["word"].select_option("left")
    tab.wait_text("verdict", "Said: “left”. float32 hears left")
    tab["by-bits"].locator("tbody tr").nth(4).wait_for()
    (tmp_path / "mine.wav").write_bytes(wav.written(speech.word("no", generator(3, "no")), speech.RATE))
    tab["load-file"].set_input_files(tmp_path / "mine.wav")
    tab.wait_text("verdict", "Said: mine.wav. float32 hears no")
