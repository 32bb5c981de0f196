"""MobileBERT checkpoints as Hugging Face's transformers saves them: model.safetensors, config.json and vocab.txt.

Names of tensors: https://github.com/huggingface/transformers/tree/main/src/transformers/models/mobilebert.
"""

import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pyapp import files, safetensors
from pyapp.data import wordpiece
from pyapp.data.wordpiece import WordPiece
from pyapp.nets.encoder.model import PREFIX, Encoder, EncoderSize
from pyapp.store import LARGEST_RECIPE, StoreError

CONFIG, VOCABULARY, TOKENIZER = "config.json", "vocab.txt", "tokenizer_config.json"  # beside the weights
IGNORED = ("cls.", f"{PREFIX}embeddings.position_ids")  # the heads of pretraining, and a constant of older files
HEADS = 4  # no shape shows them, and MobileBERT has so many
EXPECTED = {"normalization_type": "no_norm", "hidden_act": "relu", "use_bottleneck": True,
            "use_bottleneck_attention": False, "key_query_shared_bottleneck": True}  # what this network is built for
SIZES = {"vocab_size": "vocabulary", "embedding_size": "embedding", "hidden_size": "width",
         "intra_bottleneck_size": "inner", "intermediate_size": "hidden", "num_hidden_layers": "layers",
         "num_feedforward_networks": "networks", "max_position_embeddings": "context", "type_vocab_size": "types",
         "trigram_input": "trigram"}  # a setting: a number that the shapes show too


class Pretrained(NamedTuple):
    """A network, its float32 tensors by name, its vocabulary, and the names of its classes."""

    model: Encoder
    weights: Mapping[str, np.ndarray]
    vocabulary: WordPiece
    labels: tuple[str, ...]


def load(path: str | Path) -> Pretrained:
    """A checkpoint with the files beside it. StoreError or TextError says in a sentence what does not fit."""
    path = Path(path)
    config = settings(path.with_name(CONFIG))
    model, weights = network(tensors(path), config, str(path))
    lower = settings(path.with_name(TOKENIZER)).get("do_lower_case", True)
    vocabulary = wordpiece.load(path.with_name(VOCABULARY), lower is not False)
    if len(vocabulary) > model.size.vocabulary:
        raise StoreError(f"{path.with_name(VOCABULARY)} has {len(vocabulary):,} pieces, but the network has vectors "
                         f"for {model.size.vocabulary:,}; use the vocab.txt that belongs to it")
    names = config.get("id2label")
    names = names if isinstance(names, dict) else {}
    labels = tuple(str(names.get(str(i), i)) for i in range(model.size.classes))
    return Pretrained(model, weights, vocabulary, labels)


def settings(path: Path) -> dict[str, Any]:
    """The JSON object in a file, {} if there is no such file. StoreError if it holds something else."""
    if not path.is_file():
        return {}
    try:
        found = files.json_of(files.read(path, LARGEST_RECIPE))
        if not isinstance(found, dict):
            raise ValueError(f"it is a {type(found).__name__}")
    except (OSError, ValueError) as error:
        raise StoreError(f"{path}: expected a JSON object, found none that can be read ({error})") from None
    return found


def tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a .safetensors file, which is mapped, so that only the arrays take memory. StoreError says why it
    cannot be read."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if not safetensors.recognises(data):
                raise StoreError(f"{path}: expected a .safetensors file, found bytes that begin with {data[:8]!r}; "
                                 "convert older checkpoints (.bin, .h5) with transformers first")
            return safetensors.unpack(data)[0]
    except safetensors.Damaged as error:
        raise StoreError(f"{path}: expected a .safetensors file, found {error}") from None
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{path}: expected a .safetensors file, found an empty one") from None


def network(found: Mapping[str, np.ndarray], config: Mapping[str, Any],
            name: str) -> tuple[Encoder, dict[str, np.ndarray]]:
    """The network whose tensors these are, named with or without "mobilebert." before them, and the tensors as float32.
    StoreError names the first that is missing, unknown or of another shape, or a setting that is not MobileBERT's."""
    for setting, value in EXPECTED.items():
        if config.get(setting, value) != value:
            raise StoreError(f"{name}: {CONFIG} has {setting} {config[setting]!r}, but this network is built for "
                             f"{value!r}; use a MobileBERT with the usual settings")
    bare = not any(key.startswith(PREFIX) for key in found)
    weights = {PREFIX + key if bare and not key.startswith("classifier.") else key: array
               for key, array in found.items()}
    weights = {key: array for key, array in weights.items() if not key.startswith(IGNORED)}
    size = _size(weights, config, name)
    for setting, field in SIZES.items():
        if config.get(setting, value := getattr(size, field)) != value:
            raise StoreError(f"{name}: {CONFIG} has {setting} {config[setting]!r}, but the tensors have {value}; use "
                             "the config.json that belongs to them")
    try:
        model = Encoder(size)
    except ValueError as error:
        raise StoreError(f"{name}: {error}") from None
    return model, _checked(weights, model.shapes, name)


def _size(weights: Mapping[str, np.ndarray], config: Mapping[str, Any], name: str) -> EncoderSize:
    """The sizes that the shapes of the tensors show."""
    def shape(tensor: str) -> tuple[int, int]:
        if tensor not in weights:
            raise StoreError(f"{name}: the tensor {tensor} is missing, so this is no whole MobileBERT")
        if weights[tensor].ndim != 2:
            raise StoreError(f"{name}: the tensor {tensor} has the shape {weights[tensor].shape}; expected a matrix")
        return weights[tensor].shape

    def count(pattern: str) -> int:
        return next(i for i in range(len(weights) + 1) if pattern.format(i) not in weights)

    stem, layer = f"{PREFIX}embeddings", f"{PREFIX}encoder.layer.0"
    vocabulary, embedding = shape(f"{stem}.word_embeddings.weight")
    width, wide = shape(f"{stem}.embedding_transformation.weight")
    heads = config.get("num_attention_heads", HEADS)
    if type(heads) is not int or heads < 1:
        raise StoreError(f"{name}: {CONFIG} has num_attention_heads {heads!r}; expected a whole number from 1")
    return EncoderSize(
        vocabulary, embedding, width, shape(f"{layer}.bottleneck.input.dense.weight")[0],
        shape(f"{layer}.intermediate.dense.weight")[0], count(f"{PREFIX}encoder.layer.{{}}.output.dense.weight"),
        1 + count(f"{layer}.ffn.{{}}.output.dense.weight"), heads, shape(f"{stem}.position_embeddings.weight")[0],
        shape(f"{stem}.token_type_embeddings.weight")[0],
        shape("classifier.weight")[0] if "classifier.weight" in weights else 0, trigram=wide != embedding,
        pooler=f"{PREFIX}pooler.dense.weight" in weights)


def _checked(weights: Mapping[str, np.ndarray], shapes: Mapping[str, tuple[int, ...]],
             name: str) -> dict[str, np.ndarray]:
    for key, shape in shapes.items():
        if key not in weights:
            raise StoreError(f"{name}: the tensor {key} is missing, so this is no whole MobileBERT")
        if weights[key].shape != tuple(shape):
            raise StoreError(f"{name}: the tensor {key} has the shape {weights[key].shape}; expected {tuple(shape)}")
        if weights[key].dtype.kind != "f" or not np.isfinite(weights[key]).all():
            raise StoreError(f"{name}: the tensor {key} has numbers that are not finite floats; expected float weights")
    if unknown := next((key for key in weights if key not in shapes), None):
        raise StoreError(f"{name}: the tensor {unknown} is not one of a MobileBERT for classification, such as "
                         "MobileBertForSequenceClassification saves")
    return {key: weights[key].astype(np.float32, copy=False) for key in shapes}
