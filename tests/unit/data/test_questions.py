"""Stories with questions: every sentence is the grammar's, the answer follows, and it cannot be guessed from a word."""

import re

import numpy as np

from pyapp.data import questions, stories
from pyapp.data.questions import PEOPLE, PRONOUN

TEXTS, ANSWERS = questions.write(7, 300)


def parts(text: str) -> tuple[list[str], str, str]:
    """The sentences, and the verb and the object that are asked for."""
    told, verb, thing = re.fullmatch(r"(.*\.) who (\w+) (.*)\?", text).groups()
    return told.split(". "), verb, thing


def facts(sentence: str) -> set[tuple[str, str]]:
    """What a sentence says that its person does to what, by a reading of its own."""
    clauses = re.split(r", (?:and|but) (?:he|she) ", sentence.removesuffix(".").split(" ", 1)[1])
    return {tuple(clause.split(" ", 1)) for clause in clauses if " " in clause}


def test_the_grammar_has_every_sentence():
    for text in TEXTS:
        sentences, _, _ = parts(text)
        assert all(stories.accepts(f"{sentence.removesuffix('.')}.") for sentence in sentences), text


def test_one_person_alone_answers_the_question():
    for text, answer in zip(TEXTS, ANSWERS, strict=True):
        sentences, verb, thing = parts(text)
        assert [s.split()[0] for s in sentences if (verb, thing) in facts(s)] == [PEOPLE[answer]], text
        assert all({verb, thing} & {part for fact in facts(s) for part in fact} for s in sentences), text


def test_a_pronoun_fits_its_person():
    for name, pronoun in re.findall(r"(\w+) [^.,?]*, (?:and|but) (he|she) ", " ".join(TEXTS)):
        assert PRONOUN[name] == pronoun


def test_a_seed_gives_the_same_stories_and_none_twice_or_left_out():
    again, answers = questions.write(7, 300)
    assert again == TEXTS and len(set(TEXTS)) == 300 and (answers == ANSWERS).all()
    assert not {*questions.write(7, 50, without=TEXTS[:40])[0]} & {*TEXTS[:40]}
    assert set(np.unique(ANSWERS)) == set(range(len(PEOPLE)))


def test_easy_stories_have_three_words_in_each_sentence():
    easy, _ = questions.write(7, 50, easy=True)
    assert {len(part.split()) for text in easy for part in re.findall(r"[a-z ]+[.?]", text)} == {3}


def test_all_words_are_known():
    found = set(re.findall(r"[a-z]+|[.,?]", " ".join(TEXTS)))
    assert found <= set(questions.words())
