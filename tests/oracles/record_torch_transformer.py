"""Record what torch computes for the layers of a transformer and for a small ViT and GPT made of torch's own layers.

    pip install torch && python tests/oracles/record_torch_transformer.py
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

BATCH, TOKENS, WIDTH, HEADS, HIDDEN = 3, 5, 8, 2, 12
CHARACTERS, PATCH = 7, 14
RATE, DECAY, CLIP, BETA2, STEPS = 0.01, 0.1, 0.05, 0.99, 6
Arrays = dict[str, np.ndarray]


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def shaken(module: nn.Module) -> nn.Module:
    """In float64 and with all numbers random: torch starts gains at 1 and biases at 0, which would hide mistakes."""
    module = module.double()
    with torch.no_grad():
        for w in module.parameters():
            w.add_(random(*w.shape) * 0.3)
    return module


def block() -> nn.Module:
    return nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, dropout=0.0, activation=nn.GELU(approximate="tanh"),
                                      batch_first=True, norm_first=True)


def causal(tokens: int) -> torch.Tensor:
    return nn.Transformer.generate_square_subsequent_mask(tokens, dtype=torch.float64)


def recorded(prefix: str, module: nn.Module, x: torch.Tensor, y: torch.Tensor) -> Arrays:
    """Input, output, a random dL/dy, and the gradients of input and parameters, by torch's names."""
    dy = random(*y.shape)
    y.backward(dy)
    found = {"x": x.detach(), "y": y.detach(), "dy": dy}
    if x.grad is not None:
        found["dx"] = x.grad
    for name, w in module.named_parameters():
        found |= {name: w.detach().clone(), f"grad.{name}": w.grad.clone()}
    return {f"{prefix}.{name}": value.numpy() for name, value in found.items()}


def layers() -> Arrays:
    found = {}
    for name, module in (("norm", nn.LayerNorm(WIDTH)), ("gelu", nn.GELU(approximate="tanh")), ("erf", nn.GELU())):
        x = (2 * random(BATCH * TOKENS, WIDTH)).requires_grad_()
        found |= recorded(name, shaken(module), x, module(x))
    tokens = torch.randint(CHARACTERS, (BATCH, TOKENS))
    embedding = shaken(nn.Embedding(CHARACTERS, WIDTH))
    return found | recorded("embedding", embedding, tokens, embedding(tokens))


def attentions() -> Arrays:
    found = {}
    for name, mask in (("attention", None), ("causal", causal(TOKENS))):
        module, x = shaken(nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)), random(BATCH, TOKENS, WIDTH)
        x.requires_grad_()
        y, probabilities = module(x, x, x, attn_mask=mask, average_attn_weights=False)
        found |= recorded(name, module, x, y) | {f"{name}.probabilities": probabilities.detach().numpy()}
    module, x = shaken(block()), random(BATCH, TOKENS, WIDTH).requires_grad_()
    return found | recorded("block", module, x, module(x, src_mask=causal(TOKENS)))


class ViT(nn.Module):
    def __init__(self):
        super().__init__()
        self.token, self.places = nn.Parameter(random(WIDTH)), nn.Parameter(random((28 // PATCH) ** 2 + 1, WIDTH))
        self.patch = nn.Conv2d(1, WIDTH, PATCH, stride=PATCH)  # the same sums as a dense layer on each patch
        self.block1, self.block2 = block(), block()
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        patches = self.patch(images.view(-1, 1, 28, 28)).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(images), 1, WIDTH), patches], dim=1) + self.places
        return self.head(self.norm(self.block2(self.block1(x)))[:, 0])


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(CHARACTERS, WIDTH), nn.Embedding(TOKENS, WIDTH)
        self.block1, self.block2, self.norm = block(), block(), nn.LayerNorm(WIDTH)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x, mask = self.tokens(tokens) + self.places.weight, causal(TOKENS)
        return self.norm(self.block2(self.block1(x, src_mask=mask), src_mask=mask)) @ self.tokens.weight.T


def models() -> Arrays:
    vit, gpt, images, tokens = shaken(ViT()), shaken(GPT()), random(BATCH, 784), torch.randint(CHARACTERS, (BATCH, 5))
    return recorded("vit", vit, images, vit(images)) | recorded("gpt", gpt, tokens, gpt(tokens)) | steps(gpt)


def steps(model: GPT) -> Arrays:
    """The same GPT after some steps of AdamW, matrices decayed and gradients clipped, on the loss of random tokens."""
    tokens, following = torch.randint(CHARACTERS, (2, BATCH, TOKENS))
    matrices = [w for w in model.parameters() if w.dim() > 1]
    others = [w for w in model.parameters() if w.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, BETA2))
    losses = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), following.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        losses.append(loss.item())
    after = {f"adamw.{name}": w.detach().numpy() for name, w in model.named_parameters()}
    settings = np.array([RATE, DECAY, CLIP, BETA2])
    return after | {"adamw.losses": np.array(losses), "adamw.settings": settings, "adamw.x": tokens.numpy(),
                    "adamw.following": following.numpy()}


if __name__ == "__main__":
    torch.manual_seed(0)
    sizes = {"heads": np.array(HEADS), "patch": np.array(PATCH)}
    np.savez_compressed(Path(__file__).with_name("torch_transformer.npz"),
                        **(layers() | attentions() | models() | sizes))
