"""Record what transformers computes for a tiny MobileBERT whose parameters are all random.

    pip install torch transformers && PYTHONPATH=tests python -m oracles.record_mobilebert

A new network has NoNorm's weights 1 and all biases 0, which would hide a swapped or missing term.
"""

import numpy as np
import torch
from oracles.mobilebert import RECORDED, SIZE
from transformers import MobileBertConfig, MobileBertForSequenceClassification

from pyapp.nets.encoder.model import EncoderSize

BATCH, TOKENS, LENGTHS = 3, 11, (11, 7, 4)


def made(size: EncoderSize, seed: int) -> MobileBertForSequenceClassification:
    """A network of transformers with random parameters."""
    config = MobileBertConfig(
        vocab_size=size.vocabulary, embedding_size=size.embedding, hidden_size=size.width,
        intra_bottleneck_size=size.inner, true_hidden_size=size.inner, intermediate_size=size.hidden,
        num_hidden_layers=size.layers, num_feedforward_networks=size.networks, num_attention_heads=size.heads,
        max_position_embeddings=size.context, type_vocab_size=size.types, num_labels=size.classes,
        trigram_input=size.trigram, attn_implementation="eager", hidden_dropout_prob=0.0)
    model = MobileBertForSequenceClassification(config).eval()
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, w in model.named_parameters():
            gain = "LayerNorm.weight" in name
            w.copy_(torch.randn(w.shape, generator=draw) * (0.2 if gain else 0.25) + (1.0 if gain else 0.0))
    return model


def recorded(size: EncoderSize, seed: int) -> dict[str, np.ndarray]:
    """Inputs with two token types and padding, parameters, hidden states, attention and logits."""
    model, draw = made(size, seed), np.random.default_rng(seed)
    tokens = min(TOKENS, size.context)
    ids = draw.integers(1, size.vocabulary, (BATCH, tokens))
    mask = (np.arange(tokens) < np.array(LENGTHS)[:, None]).astype(np.int64)
    types = draw.integers(0, size.types, (BATCH, tokens))
    with torch.no_grad():
        found = model(torch.tensor(ids), torch.tensor(mask), torch.tensor(types), output_hidden_states=True,
                      output_attentions=True)
        pooled = model.mobilebert(torch.tensor(ids), torch.tensor(mask), torch.tensor(types)).pooler_output
    return {**{f"sd.{name}": w.numpy() for name, w in model.state_dict().items()},
            "input_ids": ids, "attention_mask": mask, "token_type_ids": types, "logits": found.logits.numpy(),
            "pooled": pooled.numpy(), **{f"hidden_{i}": each.numpy() for i, each in enumerate(found.hidden_states)},
            **{f"attn_{i}": each.numpy() for i, each in enumerate(found.attentions)}}


if __name__ == "__main__":
    np.savez_compressed(RECORDED, **recorded(SIZE, 1))
