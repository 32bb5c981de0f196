"""Rung 4: words as rows of a table."""

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.params import Param
from pyapp.ladder import embeddings, toy
from pyapp.ladder.table import LIMIT, STEP, TABLE
from pyapp.pages.base.toy_page import DIMS, ToyPage


class Page(ToyPage):
    title = "Embeddings"
    summary = ("Each word is three numbers, and you may move them: a word's vector is the same in every sentence, "
               "whatever it means there.")
    order = 63
    PARAMS = (Param("word", "Word", "choice", "mole", choices=toy.WORDS, widget="select",
                    doc="The word whose numbers you move, and which is compared with all others"), DIMS, TABLE)
    LIVE = (embeddings.embed, embeddings.unembed)

    def frame(self) -> Frame:
        at = toy.WORDS.index(str(self.params["word"]))
        vector = self.live.embed(np.array([at], np.int32), self.p["E"])[0]
        products = self.live.unembed(vector, self.p["E"])
        frame = self.shared(word=self.params["word"], row=at, limit=LIMIT, cell_step=STEP, sentences=self._sentences(),
                          nearest=toy.WORDS[int(np.argmax(products))])
        frame.arrays |= {"fitted": toy.load()["E"], "vector": vector, "products": products}
        return frame

    def _sentences(self) -> list[dict]:
        """The sentences with the word, or with mole if it is in none, and the word's vector in each."""
        word = self.params["word"] if any(self.params["word"] in text.split() for text in toy.MOLES) else "mole"
        found = []
        for text in toy.MOLES:
            if word in (words := text.split()):
                at = words.index(word)
                vectors = self.live.embed(toy.tokens(text), self.p["E"])
                found.append({"words": words, "at": at, "vector": vectors[at].tolist()})
        return found
