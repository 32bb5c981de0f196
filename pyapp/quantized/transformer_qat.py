"""Quantisation-aware training of the Vision Transformer and the GPT: fine-tuning with the codes of inference.

The forward pass is that of `transformer.py`: weights, activations and attention scores on integer grids, and any
softmax of the lab on the scores' codes. The backward pass goes straight through all of it (Bengio et al. 2013, arXiv
1308.3432): rounding has the gradient of the identity, and an integer softmax that of the float softmax of the scores
before they were rounded, since its own is 0 nearly everywhere. Values get the gradient of the probabilities that they
were really multiplied with. Grids follow each batch from end to end, as calibration for inference does, so that nothing
is clipped and a training leaves plain float32 weights.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pyapp.core.attention import Attention, float_softmax, weighted
from pyapp.core.optim import AdamW
from pyapp.core.parameters import Parameters
from pyapp.nets.gpt import GPT
from pyapp.nets.vit import ViT
from pyapp.quant.parameters import quantize_parameters
from pyapp.quantized.attention_softmax import QuantizedSoftmax
from pyapp.quantized.transformer import TransformerSettings, put_on_grids
from pyapp.training.recipes import option
from pyapp.training.resumable import train_resumable
from pyapp.training.trainer import Augment, Loss, Trainer, cross_entropy


class TrainedSoftmax(QuantizedSoftmax):
    """A quantised softmax whose grid follows the scores, and which keeps the float softmax's answer, (B, H, T, S)."""

    def __call__(self, scores: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
        self.calibrate(scores, mask)
        p = super().__call__(scores, mask)
        self.exact = float_softmax(scores, mask)
        return p


class TrainedAttention(Attention):
    """Attention with a `TrainedSoftmax`, whose gradient is that of the float softmax."""

    @classmethod
    def of(cls, attention: Attention, softmax: TrainedSoftmax) -> "TrainedAttention":
        """A replacement of a float attention, with the same parameters."""
        name, width = attention.out.weight.removesuffix(".out.weight"), attention.heads * attention.depth
        made = cls(name, width, attention.heads, attention.causal)
        made.softmax = softmax
        return made

    def differentiated(self) -> tuple[np.ndarray, np.ndarray]:
        o = np.empty_like(self.q)
        weighted(self.softmax.exact, self.v, out=o)
        return self.softmax.exact, o


class QATTransformer:
    """A network of the model's size for a `Trainer`, quantised as the settings say in every forward pass.

    The parameters are those of the float32 network, and no bit width may be None (float32).
    """

    def __init__(self, model: ViT | GPT, settings: TransformerSettings):
        self.settings = settings
        self.model = (ViT(model.size) if isinstance(model, ViT) else
                      GPT(model.shapes[model.tokens.weight][0], model.size))
        for block in self.model.blocks:
            softmax = TrainedSoftmax(settings.logit_bits, settings.softmax, settings.shift)
            block.attention = TrainedAttention.of(block.attention, softmax)
        put_on_grids(self.model, settings, {}, follows=True)

    def forward(self, p: Parameters, x: np.ndarray) -> np.ndarray:
        """Logits of images or tokens x with the parameters' weights on their grids."""
        self.rounded = quantize_parameters(p, self.settings.bits, per=self.settings.per).parameters
        return self.model.forward(self.rounded, x)

    def backward(self, p: Parameters, dlogits: np.ndarray) -> None:
        """Fill `p.gradient`: that of the rounded weights, straight through the rounding."""
        self.model.backward(self.rounded, dlogits)
        p.gradient[:] = self.rounded.gradient


@dataclass(frozen=True)
class FineTuning:
    """Everything that decides the weights besides the data, the settings and the network that training starts from. The
    defaults take a minute with the Vision Transformer."""

    seed: int = option(1, "sets the order and the augmentation", least=0)
    steps: int = option(300, "steps of training")
    rate: float = option(0.001, "peak learning rate, which then falls to zero along half a cosine")
    warmup: int = option(20, "steps in which the learning rate rises to its peak", least=0)
    batch: int = option(32, "images averaged in one step", most=4096)
    decay: float = option(0.01, "weight decay of AdamW", least=0)
    clip: float = option(1.0, "norm to which a longer gradient is scaled down")


@dataclass(frozen=True)
class TextFineTuning(FineTuning):
    """`FineTuning` with defaults for a GPT, which take two minutes."""

    batch: int = option(8, "windows of text averaged in one step", most=4096)


def fine_tune(recipe: FineTuning, model: ViT | GPT, p: Parameters, settings: TransformerSettings, x: np.ndarray,
              y: np.ndarray, report: Callable[[str], None], augment: Augment | None = None, loss: Loss = cross_entropy,
              every: int = 50) -> Parameters:
    """The weights after training from p on x and y with quantisation; `report` gets a line after `every` steps."""
    p = p.copy()
    trainer = Trainer(QATTransformer(model, settings), p, AdamW(p, recipe.rate, recipe.decay, clip=recipe.clip), x, y,
                      recipe.seed, recipe.batch, augment, loss)
    train_resumable(trainer, recipe.steps, recipe.rate, recipe.warmup, report, every=every)
    return p
