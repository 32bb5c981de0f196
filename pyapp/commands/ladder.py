"""The toy transformer of the ladder: fit its weights, or let it continue a prompt."""

import argparse
from typing import Any

import numpy as np

from pyapp.commands.common import add_json, command, print_json, progress, show
from pyapp.commands.outputs import add_weights_out, readable
from pyapp.ladder import fit, rollout, toy

LOWEST = 0.001  # temperature; far below, the logits divided by it are no numbers
SHOWN = 5  # most probable words of a step


def add(commands: Any) -> None:
    doc = "fit or run the toy transformer of rungs 4 to 7"
    parts = commands.add_parser("ladder", help=doc, description=doc).add_subparsers(required=True, metavar="PART")

    sub = command(parts, "fit", fit_weights, "fit the weights, check their canonical numbers, and save them")
    add_weights_out(sub, default=str(toy.FILE))  # as text, so that argparse checks the default too

    sub = command(parts, "rollout", roll_out, "continue a prompt word by word")
    sub.add_argument("--weights", type=readable, default=toy.FILE, metavar="FILE", help="weights saved by ladder fit")
    sub.add_argument("--prompt", default=toy.PROMPT, help=f"words to begin with, out of: {' '.join(toy.WORDS)}")
    sub.add_argument("--greedy", action="store_true", help="always take the likeliest word instead of drawing one")
    sub.add_argument("--seed", type=int, default=1, help="seed of the draws")
    sub.add_argument("--temperature", type=float, default=1.0,
                     help="divides the logits: below 1 careful, above 1 daring")
    sub.add_argument("--words", type=int, default=rollout.MOST, metavar="N", help="number of words to stop after")
    sub.add_argument("--no-mlp", action="store_true", help="leave out the MLP block")
    sub.add_argument("--own", action="store_true", help="use the fitted W_Q, W_K and W_V, not identity matrices")
    sub.add_argument("--scaled", action="store_true", help="divide the scores by the square root of 3")
    add_json(sub)


def fit_weights(args: argparse.Namespace) -> None:
    """Write weights and recipe, and print the canonical numbers."""
    print_json(fit.write(args.out, progress))


def roll_out(args: argparse.Namespace) -> None:
    """Print every step: the words so far, what the last one looks at, the top probabilities, the chosen word."""
    if not LOWEST <= args.temperature < np.inf:
        raise ValueError(f"temperature is {args.temperature:g}; use {LOWEST} or more")
    if args.words < 1:
        raise ValueError(f"words is {args.words}; use 1 or more")
    steps = [described(step) for step in rollout.rollout(
        args.prompt, toy.load(args.weights), args.words, args.greedy, args.seed, temperature=args.temperature,
        mlp=not args.no_mlp, own=args.own, scaled=args.scaled)]
    continuation = " ".join(step["word"] for step in steps)
    lines = [f"{step['word']:10} {step['probability']:6.1%}  " + "  ".join(
        f"{top['word']} {top['probability']:.1%}" for top in step["top"]) for step in steps]
    show({"prompt": args.prompt, "continuation": continuation, "steps": steps}, args.json,
         "\n".join([*lines, f"{args.prompt} {continuation}"]))


def described(step: rollout.Step) -> dict[str, Any]:
    """A step as plain data."""
    words, p = toy.text(step.numbers).split(), step.result["probabilities"]
    best = np.argsort(-p, kind="stable")[:SHOWN]
    row = step.result["weights"][-1].tolist()
    return {"words": words, "attention": [{"word": word, "weight": a} for word, a in zip(words, row, strict=True)],
            "top": [{"word": toy.WORDS[i], "probability": float(p[i])} for i in best],
            "word": step.word, "probability": step.probability}
