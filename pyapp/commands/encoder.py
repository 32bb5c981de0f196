"""Commands of the encoder: `train encoder`, and `encoder`, which runs any MobileBERT with quantised scores."""

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyapp.checkpoint import described
from pyapp.commands.common import add_json, add_recipe, command, now_and_then, progress, recipe_of, show
from pyapp.commands.outputs import add_checkpoint, add_weights_out, readable
from pyapp.commands.saving import save_trained
from pyapp.core.losses import softmax
from pyapp.data import labelled
from pyapp.data.wordpiece import Tokens
from pyapp.measure.encoder import compared, pieces
from pyapp.nets.encoder import huggingface, own
from pyapp.nets.encoder.huggingface import Pretrained
from pyapp.nets.encoder.model import PAD
from pyapp.quantized.encoder import ScoreSettings, quantize_scores
from pyapp.softmax.methods import METHODS
from pyapp.softmax.shift import RULES
from pyapp.training.bag_of_words import baseline
from pyapp.training.encoder_recipe import (
    HELD_OUT_SEED,
    EncoderRecipe,
    accuracy,
    encoded,
    held_out,
    train_encoder,
    training_stories,
)

DOC = ("run a MobileBERT from its .safetensors file, with config.json and vocab.txt beside it, and measure what "
       "quantised attention scores cost it, by softmax method and shift")
CALIBRATION = 16  # texts that decide the ranges, where there are twice as many or more


def add_training(models: Any) -> None:
    """Declare `train encoder`, which makes its own data."""
    sub = command(models, "encoder", train, "the encoder of short stories")
    add_weights_out(sub, required=True)
    add_checkpoint(sub)
    add_recipe(sub, EncoderRecipe)


def add(commands: Any) -> None:
    sub = command(commands, "encoder", run, DOC)
    sub.add_argument("--checkpoint", dest="path", type=readable, default=own.SHIPPED, metavar="FILE",
                     help="model.safetensors of a MobileBERT, or an .npz that train encoder wrote")
    sub.add_argument("--text", action="append", default=[], metavar="TEXT", help="a text to classify; may be repeated")
    sub.add_argument("--data", metavar="FILE", help="labelled texts: on each line a label, a tab and a text")
    sub.add_argument("--texts", type=int, metavar="N", help="number of labelled texts to measure on (default: all)")
    sub.add_argument("--logit-bits", type=int, default=8, metavar="L", help="bits of the attention scores")
    sub.add_argument("--softmax", default=",".join(METHODS), metavar="LIST", help="softmax methods")
    sub.add_argument("--shift", default=",".join(RULES), metavar="LIST",
                     help="what is subtracted from the scores before they are rounded")
    add_json(sub)


def train(args: argparse.Namespace) -> None:
    """Train on stories that are written from the seed; measure on others, beside a bag of words."""
    recipe = recipe_of(args, EncoderRecipe)
    model, p, words = train_encoder(recipe, progress, args.checkpoint)
    arrays = described(own.arrays_of(p, words), "train encoder", model.size.heads)
    for name in p:
        p[name][...] = arrays[name]  # as they are saved, in half precision
    texts, labels = held_out()
    training, answers = training_stories(recipe)
    ids = [encoded(words, each, model.size.context) for each in (training, texts)]
    save_trained(args, "train encoder", recipe, arrays, parameters=p.vector.size,
                 data=f"stories of pyapp.data.questions from the seed, less the held-out ones, of seed {HELD_OUT_SEED}",
                 metrics={"held_out": {
                     "n": len(labels), "accuracy": accuracy(model, p, words, texts, labels),
                     "bag_of_words": baseline((ids[0], answers), (ids[1], labels), len(words))}})


def run(args: argparse.Namespace) -> None:
    """Answers of the float32 network, then L1 per head and accuracy for each method and shift."""
    loaded = own.load(args.path) if args.path.suffix == ".npz" else huggingface.load(args.path)
    texts, labels = list(args.text), np.full(len(args.text), -1, np.int64)
    if args.data:
        if not loaded.labels:
            raise ValueError(f"{args.path} has no classifier, so labels say nothing about it; give texts without "
                             "labels by --text")
        more, known = labelled.load(args.data, loaded.labels)
        if args.texts is not None and args.texts < 1:
            raise ValueError(f"texts is {args.texts}; use 1 or more, or leave it out for all {len(more)}")
        texts, labels = texts + more[: args.texts], np.concatenate([labels, known[: args.texts]])
    if not texts:
        raise ValueError("there is nothing to read: give --text or --data")
    settings = [ScoreSettings(args.logit_bits, method, rule) for rule in _listed(args.shift, RULES, "shift")
                for method in _listed(args.softmax, METHODS, "softmax method")]
    tokens = [loaded.vocabulary.encode(text, context=loaded.model.size.context) for text in texts]
    first = min(CALIBRATION, len(texts) // 2)
    result = {"checkpoint": str(args.path), "parameters": sum(w.size for w in loaded.weights.values()),
              "texts": [_answer(loaded, *each) for each in zip(texts, tokens, strict=True)][: max(len(args.text), 3)],
              "logit_bits": args.logit_bits, "calibrated_on": first or 1, "measured_on": len(texts) - first,
              "rows": list(_rows(loaded, settings, tokens, labels, first))}
    show(result, args.json, "\n\n".join(_words(result)))


def _listed(text: str, known: Any, what: str) -> list[str]:
    names = text.split(",")
    if other := next((name for name in names if name not in known), None):
        raise ValueError(f"there is no {what} {other!r}; use some of {', '.join(known)}")
    return names


def _answer(loaded: Pretrained, text: str, tokens: Tokens) -> dict[str, Any]:
    logits = loaded.model.forward(loaded.weights, tokens.ids[None], types=tokens.types[None])
    found = {"text": text, "tokens": len(tokens.ids), "unknown": list(tokens.unknown), "cut": tokens.cut}
    if not loaded.labels:
        return found | {"label": None, "probability": None}
    p = softmax(logits.astype(np.float64))[0]
    return found | {"label": loaded.labels[int(p.argmax())], "probability": float(p.max())}


def _rows(loaded: Pretrained, settings: list[ScoreSettings], tokens: list[Tokens],
          labels: np.ndarray, first: int) -> Iterator[dict[str, Any]]:
    """A row for each of the settings. The first `first` texts decide the ranges and are not measured; with 0, the only
    text decides its own."""
    length = max(len(each.ids) for each in tokens[: first or 1])
    ids = np.full((first or 1, length), PAD, np.int32)
    for row, each in zip(ids, tokens, strict=False):
        row[: len(each.ids)] = each.ids
    mask = np.arange(length) < np.array([len(each.ids) for each in tokens[: len(ids)]])[:, None]
    measured, known = tokens[first:], labels[first:]
    parts = pieces([each.ids for each in measured], [each.types for each in measured])
    chosen = known >= 0
    watch = now_and_then("of the settings")
    for i, each in enumerate(settings):
        quantised = quantize_scores(loaded.model, loaded.weights, each, ids, mask)
        for tally in compared(loaded.model, quantised, loaded.weights, parts, known):
            watch(i + tally.pieces / len(parts), len(settings))
        yield {"softmax": each.softmax, "shift": each.shift, "l1_per_row": float(tally.errors.mean()),
               "heads": tally.errors.tolist(), "changed": tally.changed if loaded.labels else None,
               "accuracy": tally.right / int(chosen.sum()) if chosen.any() else None,
               "float_accuracy": tally.float_right / int(chosen.sum()) if chosen.any() else None}


def _count(texts: int) -> str:
    return f"{texts} text" + "s" * (texts != 1)


def _words(result: dict[str, Any]) -> Iterator[str]:
    """The printed parts: the answers, a line for each of the settings, and the heads if there is one setting."""
    for each in result["texts"]:
        answer = "no classifier" if each["label"] is None else f"{each['label']} ({each['probability']:.1%})"
        unknown = f"; unknown: {', '.join(each['unknown'][:9])}" if each["unknown"] else ""
        cut = f"; the last {each['cut']} pieces did not fit" if each["cut"] else ""
        yield f"{each['text'][:70]!r}: {answer}, {each['tokens']} tokens{unknown}{cut}"
    rows = result["rows"]
    float_accuracy = rows[0]["float_accuracy"]
    first = result["calibrated_on"]
    lines = [f"attention scores of {result['logit_bits']} bits, measured on {_count(result['measured_on'])}"
             + ("" if float_accuracy is None else f", float32 accuracy {float_accuracy:.2%}")
             + (f"; ranges from the first {_count(first)}" if len(result["texts"]) > 1 else
                "; its own scores decide the ranges: give several texts to measure what new ones lose")]
    for row in rows:
        heads = np.array(row["heads"])
        layer, head = np.unravel_index(heads.argmax(), heads.shape)
        parts = [f"{row['softmax']:22}{row['shift']:14}L1 per row {row['l1_per_row']:.4f}",
                 f"worst head {layer + 1}.{head + 1} {heads.max():.4f}"]
        parts += [] if row["changed"] is None else [f"{row['changed']} changed"]
        parts += [] if row["accuracy"] is None else [f"accuracy {row['accuracy']:.2%}"]
        lines.append(", ".join(parts))
    yield "\n".join(lines)
    if len(rows) == 1:
        yield "\n".join(["L1 per row of each head, a layer per line", *(
            f"{i:3}  " + " ".join(f"{error:.4f}" for error in heads) for i, heads in enumerate(rows[0]["heads"], 1))])
