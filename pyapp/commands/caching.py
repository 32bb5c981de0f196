"""Commands that measure integers inside attention: packed keys and values, and IntAttention's whole pipeline."""

import argparse
from dataclasses import asdict
from functools import partial
from typing import Any

from pyapp.commands.attention import add_subject
from pyapp.commands.common import TITLES, add_json, command, networks, now_and_then, progress, show
from pyapp.nets import gpt
from pyapp.nets.gpt import GPT
from pyapp.quantized.int_attention import use_int_attention
from pyapp.quantized.kv_cache import CacheSettings, cache_bytes, use_cache
from pyapp.quantized.transformer import TransformerSettings
from pyapp.sweep.transformers import Subject, gpt_subject, vit_subject

BITS = (8, 4, 2)
WAYS = (("channel", "token", False), ("token", "token", False), ("channel", "channel", False), ("token", "token", True))
PIPELINES = (("float32", TransformerSettings(), None),
             ("IndexSoftmax on 8-bit scores, float32 values", TransformerSettings(logit_bits=8, softmax="indexsoftmax"),
              None),
             ("IntAttention: int8 q, k, v and 8-bit probabilities", TransformerSettings(), use_int_attention))


def add(commands: Any) -> None:
    each = networks(commands, "cache-table", "measure what keys and values in 8, 4 and 2 bits cost, and their bytes")
    sub = command(each, "gpt", cache_table, "the GPT")
    add_subject(sub, "gpt")
    add_json(sub)
    each = networks(commands, "int-attention", "measure attention in integers from queries to context (IntAttention)")
    for name in ("vit", "gpt"):
        sub = command(each, name, int_attention, f"the {TITLES[name]}")
        add_subject(sub, name)
        add_json(sub)


def cache_table(args: argparse.Namespace) -> None:
    """Loss of the GPT with each way to keep keys and values, and the bytes of a full cache."""
    subject = gpt_subject(args.weights, args.data, args.windows, now_and_then("pieces of the text"))
    model: GPT = gpt.load(args.weights)[0]
    tokens = model.size.context
    rows = [{"bits": None, "loss": subject.measure(TransformerSettings())["loss"],
             "bytes": cache_bytes(model.size, None, tokens)}]
    for bits in BITS:
        for keys, values, symmetric in WAYS:
            settings = CacheSettings(bits, keys, values, symmetric)
            found = subject.measure(TransformerSettings(), partial(use_cache, settings=settings))
            rows.append({**asdict(settings), "loss": found["loss"], "bytes": cache_bytes(model.size, settings, tokens)})
            progress(f"{bits} bits, keys per {keys}, values per {values}: {found['loss']:.4f}")
    lines = [f"loss in nats per character on {subject.on}; bytes of the cache of {tokens} characters", "",
             "| bits | keys | values | grid | loss | bytes |", "| ---: | --- | --- | --- | ---: | ---: |"]
    lines += [f"| {row['bits'] or 'float32'} | {_per(row, 'keys')} | {_per(row, 'values')} | {_grid(row)} | "
              f"{row['loss']:.3f} | {row['bytes']:,} |" for row in rows]
    show(rows, args.json, "\n".join(lines))


def _per(row: dict[str, Any], name: str) -> str:
    return f"per {row[name]}" if name in row else "–"


def _grid(row: dict[str, Any]) -> str:
    return {True: "symmetric", False: "asymmetric", None: "–"}[row.get("symmetric")]


def int_attention(args: argparse.Namespace) -> None:
    """Accuracy or loss with the float softmax, with IndexSoftmax alone, and with all of attention in integers."""
    watch = now_and_then("pieces of the data")
    subject: Subject = (vit_subject(args.weights, args.data, args.split, args.images, watch) if args.model == "vit" else
                        gpt_subject(args.weights, args.data, args.windows, watch))
    rows = [{"attention": title, **subject.measure(settings, change)} for title, settings, change in PIPELINES]
    lines = [f"on {subject.on}", "", "| attention | accuracy | loss |", "| --- | ---: | ---: |"]
    lines += [f"| {row['attention']} | {row['accuracy']:.2%} | {row['loss']:.4f} |" for row in rows]
    show(rows, args.json, "\n".join(lines))
