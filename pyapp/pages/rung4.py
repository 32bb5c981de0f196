"""Rung 4: words as rows of a table."""

import numpy as np

from pyapp.experiment.frame import Frame
from pyapp.experiment.panels import Button, Buttons, Column, Custom, Panel, Table, Together, Words
from pyapp.experiment.params import Param
from pyapp.ladder import embeddings, toy
from pyapp.ladder.table import LIMIT, STEP, TABLE
from pyapp.pages.base import ladder_panels as ladder
from pyapp.pages.base.toy_page import DIMS, Arrow, ToyPage, plain


class Page(ToyPage):
    title = "Embeddings"
    summary = "Each word is three numbers that you may move, and they are the same in every sentence."
    tab = "4 Embeddings"
    order = 73
    NEXT = ("rung5", "A word alone means little: let words look at each other.")
    MAIN = ("word", "dims")
    RECORDED = ()
    PARAMS = (Param("word", "Word", "choice", "mole", choices=toy.WORDS,
                    doc="The word whose numbers you move, and which is compared with all others"), DIMS, TABLE)
    BAR = "{params.word} ({vector:words:2})"
    GROUPS = (("Word", ("word", "dims")), ("The table", ("table",)))
    PANELS = ladder.rung(
        Panel("picture", "Where the words are", (
            Words(text="Words are arrows from the middle; only the chosen one is drawn with its shaft. The larger the "
                       "dot product with another word, the more the two point the same way."),
            ladder.vectors("words", Together(blocks=(
                Words(role="doc", name="nearest", text="Dot products of **{params.word}** with every word; the largest "
                                                       "is with **{nearest}**."),
                Table(name="products", rows="products", caption="Dot products", columns=(
                    Column("word", "name"), Column("", bar=("share",), both=True),
                    Column("dot product", "product:signed:2"))))))), empty=ladder.EMPTY),
        Panel("table", "The table E", (
            Words(text="Eighteen words of three numbers each, as fitted. Move any of them: all rungs above compute "
                       "with what you leave here, and the link in the address bar keeps it. Moved cells are orange."),
            Custom(name="cells", module="embeddings", entries=("vocabulary", "table", "fitted", "limit", "cell_step")),
            Buttons(buttons=(Button("Reset the table", (("table", "nothing"),), name="table-reset",
                                    off="!params.table"),)))),
        Panel("sentences", "The same word in three sentences", (
            Words(text="An animal, a number of molecules, a spot of skin: the table has one row for all of them."),
            Words(name="sentence-vector", role="plain", over="sentences", text="{text} ({vector:words:2})"))))
    LIVE = (embeddings.embed, embeddings.unembed)

    def frame(self) -> Frame:
        word, table = self.params["word"], self.p["E"]
        at = toy.WORDS.index(word)
        vector = self.live.embed(np.array([at], np.int32), table)[0]
        products = self.live.unembed(vector, table)
        most = float(np.abs(products).max()) or 1.0
        others = [Arrow(each, table[i], "other", thin=True) for i, each in enumerate(toy.WORDS) if i != at]
        return self.said(
            {"table": table, "fitted": toy.load()["E"], "vector": vector},
            vocabulary=list(toy.WORDS), limit=LIMIT, cell_step=STEP, sentences=self._sentences(), nothing="",
            nearest=toy.WORDS[int(np.argmax(products))],
            vectors=self.vectors(f"The words of the table; {word} is {plain(table[at])}.",
                                 Arrow(word, table[at], "chosen"), *others),
            products=[{"name": each, "product": float(x), "share": float(x) / most}
                      for each, x in zip(toy.WORDS, products, strict=True)])

    def _sentences(self) -> list[dict]:
        """The sentences with the word, or with mole if it is in none, and the word's vector in each."""
        word = self.params["word"] if any(self.params["word"] in text.split() for text in toy.MOLES) else "mole"
        found = []
        for text in toy.MOLES:
            if word in (words := text.split()):
                at = words.index(word)
                words[at] = f"**{word}**"
                found.append({"text": " ".join(words), "at": at,
                              "vector": self.live.embed(toy.tokens(text), self.p["E"])[at].tolist()})
        return found
