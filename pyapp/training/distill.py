"""Distillation: a student learns from a teacher's answers besides the labels (Hinton et al. 2015, arXiv 1503.02531)."""

import numpy as np

from pyapp.core.losses import distillation_loss
from pyapp.core.parameters import Parameters


class Teacher:
    """A Trainer's loss with a trained network beside the labels: the student may be smaller, or quantised.

    The teacher sees the very batch that the student sees, augmentation included.
    """

    def __init__(self, model, p: Parameters, temperature: float = 2.0, share: float = 0.5):
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; use a number above 0")
        if not 0 <= share <= 1:
            raise ValueError(f"the teacher's share is {share}; use 0 (labels only) to 1 (teacher only)")
        self.model, self.p, self.temperature, self.share = model, p, temperature, share

    def __call__(self, x: np.ndarray, logits: np.ndarray,
                 labels: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        return distillation_loss(logits, self.model.forward(self.p, x), labels, self.temperature, self.share)
