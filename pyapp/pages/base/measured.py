"""What an accuracy was measured with: pages differ in it, so the same bits have different figures there."""

from pyapp.experiment.panels import Words

OTHERS = "Pages that use other images, scales or activations show other figures for the same bits."


def activations_words(bits: str) -> str:
    """Of a parameter that has bits or "none"."""
    return f"{bits}-bit activations" if bits.isdecimal() else "float32 activations"


def measured(images: str, weights: str, activations: str, when: str = "") -> Words:
    """A line below an accuracy: which images, how the weights are rounded, and what the activations are."""
    return Words(role="doc", name="measured-with", when=when,
                 text=f"Measured on {images}; {weights}; {activations}. {OTHERS}")
