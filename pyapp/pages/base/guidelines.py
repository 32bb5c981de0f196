"""What is usually said about precision, as claims that can be measured, each with the rule that decides it.

The words are ours; `said` names who says it. A rule is a sentence with the thresholds of `Limits`, and the function
`holds` beside it, which gets what the trials measured, in their order: True, False, or None where it cannot be decided.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyapp.nets.mlp import TRAINED
from pyapp.pages.base.lab import Lab, Measured, Trial
from pyapp.quantized.network import Settings

Found = list[Measured | None]


@dataclass(frozen=True)
class Limits:
    """How many points of accuracy count as a loss."""

    noticeable: float  # less than this may be chance
    allowed: float  # the usual "less than 1 %"


@dataclass(frozen=True)
class Claim:
    """A claim about precision, who says it, and the trials and the rule that decide it."""

    name: str
    use: str  # a key of USES
    text: str
    said: str
    rule: str  # may name {noticeable} and {allowed}
    trials: tuple[tuple[str, Callable[[Lab], Trial]], ...]  # what is measured, by label
    holds: Callable[[Found, Limits], bool | None]
    link: str = ""  # the page and settings that show it
    because: str = ""  # why it does not hold here, where the network itself explains it


USES = {
    "16": "16 bits: training and serving on graphics cards",
    "8": "8 bits: serving on processors, phones and microcontrollers",
    "4": "4 bits: large networks, where reading the weights takes the time",
    "3": "3 and 2 bits: the smallest devices, and research",
    "how": "How to get there: calibration, first and last layer, biases",
}
VENDORS, PAPERS, LLM = "makers of inference engines", "surveys and white papers", "practice with large language models"


def weights(bits: int | tuple[int, ...], per: str = "channel", **more) -> Callable[[Lab], Trial]:
    """A trial in which only the weights are quantised."""
    return lambda lab: lab.scores(Settings(bits, per=per, **more))


def both(bits: int, activations: int, calibrate: str = "minmax", integers: bool = False) -> Callable[[Lab], Trial]:
    """A trial in which weights, with a scale per neuron, and activations are quantised."""
    settings = Settings(bits, per="channel", activations=activations, calibrate=calibrate)
    return lambda lab: lab.scores(settings, integers)


def better(first: Measured, second: Measured, limits: Limits) -> bool:
    """Whether `first` loses noticeably less than `second`."""
    return second.loss - first.loss >= limits.noticeable


def needed(without: Found, with_: Measured | None, limits: Limits) -> bool | None:
    """Whether a method is needed: the best result without it loses more than allowed, the one with it does not. None if
    this was not measured."""
    if min(found.loss for found in without) < limits.allowed:
        return False
    return None if with_ is None else with_.loss < limits.allowed


def two_bits(found: Found, limits: Limits) -> bool | None:
    best = min(found[:2], key=lambda f: f.loss)
    if best.loss < limits.allowed:
        return False
    if found[2] is None:
        return None
    return better(found[2], best, limits) and found[2].loss >= limits.noticeable


NEEDED = "it is needed if the loss is {allowed} or more without it, and less with it"
BETTER = "it is better if it loses at least {noticeable} less"


def qat_trials(bits: int) -> dict[str, Any]:
    """Trials of the best methods without training and of the shipped trained network, and the link to GPTQ's page."""
    name, activations = f"W{bits}A{TRAINED[bits]}", TRAINED[bits]
    return {"trials": ((f"{name}, rounded", lambda lab: lab.like_qat(bits, "round")),
                       (f"{name}, GPTQ", lambda lab: lab.like_qat(bits, "gptq")),
                       (f"{name}, QAT", lambda lab: lab.qat(bits))),
            "link": f"#inference?bits={bits}&activations={activations}&calibrate=mse&method=gptq&clip=mse"}


def qat_needed(bits: int) -> Claim:
    return Claim(
        f"qat{bits}", "4" if bits == 4 else "3",
        f"{bits}-bit weights and activations need quantisation-aware training.", PAPERS, NEEDED,
        holds=lambda found, limits: needed(found[:2], found[2], limits), **qat_trials(bits),
        because="Ten digits are an easy task, and GPTQ finds codes that make up for each other’s errors; harder tasks "
                "leave less room.",
    )


CLAIMS = (
    Claim("half", "16", "Half precision costs nothing.", "guides to mixed-precision training",
          "it holds if neither format loses {noticeable}, with parameters and activations rounded to it",
          (("FP16", lambda lab: lab.cast("float16")), ("BF16", lambda lab: lab.cast("bfloat16"))),
          lambda found, limits: all(f.loss < limits.noticeable for f in found)),
    Claim("w8a8", "8", "Rounding weights and activations to 8 bits after training costs less than 1 %.", VENDORS,
          "it holds if integer arithmetic loses less than {allowed}",
          (("8 bits, integer arithmetic", both(8, 8, integers=True)),),
          lambda found, limits: found[0].loss < limits.allowed, "#inference?bits=8"),
    Claim("channel8", "8", "8-bit weights need one scale per channel.", VENDORS, NEEDED,
          (("per tensor", weights(8, "tensor")), ("per channel", weights(8))),
          lambda found, limits: needed(found[:1], found[1], limits), "#inference?bits=8&per=tensor&activations=none",
          "The rule comes from convolutions whose channels differ a hundredfold. The neurons here are all alike."),
    Claim("symmetric", "8", "Symmetric weights are enough: a zero point buys nothing.", VENDORS,
          "it holds if affine weights do not lose {noticeable} less",
          (("symmetric", weights(8)), ("affine", weights(8, scheme="affine"))),
          lambda found, limits: not better(found[1], found[0], limits),
          "#inference?bits=8&scheme=affine&activations=none"),
    Claim("simulation", "8", "A floating-point simulation shows what integer arithmetic will do.", PAPERS,
          "it holds if fewer than one prediction in a thousand changes",
          (("8 bits, integers against simulation",
            lambda lab: lab.integers_against_simulation(Settings(8, per="channel", activations=8))),),
          lambda found, limits: found[0].changed < 3, "#inference?bits=8"),
    Claim("size", "8", "8 bits make a quarter of the size, 4 bits an eighth.", "everyone",
          "it holds if scales and biases add less than 5 % to that",
          (("8 bits per channel", weights(8)), ("4 bits per channel", weights(4))),
          lambda found, limits: all(f.nbytes * times <= 1.05 * f.of_nbytes
                                     for f, times in zip(found, (4, 8), strict=True)),
          "#errors?bits=4&per=channel"),
    Claim("speed", "8", "INT8 is two to four times as fast as float32.", VENDORS,
          "it holds if the integer product takes half the time or less",
          (("float32, first layer", lambda lab: lab.time("float32")),
           ("int8, first layer", lambda lab: lab.time("int8"))),
          lambda found, limits: 2 * found[1].ms <= found[0].ms, "#arena",
          "It is true of hardware with 8-bit dot products and of kernels that use them. What computes here widens "
          "every code to 16 bits or more before it multiplies."),
    Claim("weights4", "4", "Rounding weights to 4 bits in groups of 32 after training costs less than 1 %.", LLM,
          "it holds if the loss is below {allowed}",
          (("groups of 32", weights(4, "group:32")),),
          lambda found, limits: found[0].loss < limits.allowed, "#inference?bits=4&per=group%3A32&activations=none"),
    Claim("better4", "4", "4-bit weights need groups, or something better than rounding.", LLM, NEEDED,
          (("per channel, rounded", weights(4)), ("groups of 32", weights(4, "group:32")),
           ("per channel, GPTQ", weights(4, method="gptq"))),
          lambda found, limits: needed(found[:1], min(found[1:], key=lambda f: f.loss), limits),
          "#inference?bits=4&activations=none",
          "784 inputs share a scale here, not tens of thousands, and no weight stands far out."),
    Claim("activations", "4", "Activations are harder to quantise than weights.", LLM,
          "it holds if 3-bit activations lose at least {noticeable} more than 3-bit weights",
          (("weights 3 bits", weights(3)), ("activations 3 bits, weights 8", both(8, 3))),
          lambda found, limits: better(found[0], found[1], limits), "#inference?bits=8&activations=3",
          "The outliers that make activations hard appear in large transformers. Pixels and ReLU have none: most are "
          "0, and exact."),
    qat_needed(4),
    qat_needed(3),
    Claim("groups3", "3", "With few bits, small groups beat one scale per channel.", LLM, BETTER,
          (("per channel", weights(3)), ("groups of 32", weights(3, "group:32"))),
          lambda found, limits: better(found[1], found[0], limits),
          "#inference?bits=3&per=group%3A32&activations=none"),
    Claim("gptq3", "3", "GPTQ beats rounding to nearest.", LLM, BETTER,
          (("rounded, 3 bits", weights(3)), ("GPTQ, 3 bits", weights(3, method="gptq"))),
          lambda found, limits: better(found[1], found[0], limits), "#inference?bits=3&method=gptq&activations=none"),
    Claim("qat2", "3", "2-bit weights work only with training, and even then they cost accuracy.", PAPERS,
          "it holds if the best without training loses {allowed} or more, and training at least {noticeable} "
          "less, but still {noticeable} or more", holds=two_bits, **qat_trials(2)),
    Claim("calibration8", "how", "Percentile or MSE calibration beats min-max at 8 bits.", VENDORS,
          "it holds if one of the two loses at least {noticeable} less",
          (("min-max", both(8, 8)), ("percentile 99.9", both(8, 8, "percentile")), ("MSE", both(8, 8, "mse"))),
          lambda found, limits: any(better(f, found[0], limits) for f in found[1:]), "#inference?bits=8&calibrate=mse",
          "256 codes leave enough room: cutting the range gains nothing visible."),
    Claim("calibration3", "how", "The fewer bits, the more calibration matters: at 3 bits MSE beats min-max.", PAPERS,
          BETTER,
          (("min-max, 3 bits", both(8, 3)), ("MSE, 3 bits", both(8, 3, "mse"))),
          lambda found, limits: better(found[1], found[0], limits), "#inference?bits=8&activations=3&calibrate=mse"),
    Claim("entropy", "how", "Entropy calibration is the safe choice.", VENDORS,
          "it holds if it never loses {noticeable} more than min-max",
          (("min-max, 8 bits", both(8, 8)), ("entropy, 8 bits", both(8, 8, "entropy")),
           ("min-max, 3 bits", both(8, 3)), ("entropy, 3 bits", both(8, 3, "entropy"))),
          lambda found, limits: not any(better(found[i], found[i + 1], limits) for i in (0, 2)),
          "#inference?bits=8&activations=3&calibrate=entropy",
          "Its histogram is dominated by the spike at 0 that ReLU and white paper leave. With few codes it cuts off "
          "what matters."),
    Claim("affine", "how", "Activations after ReLU should be affine, not symmetric.", VENDORS, BETTER,
          (("affine, 3 bits", lambda lab: lab.activations(3, "affine")),
           ("symmetric, 3 bits", lambda lab: lab.activations(3, "symmetric"))),
          lambda found, limits: better(found[0], found[1], limits), "#affine"),
    Claim("bias-correction", "how", "Bias correction is accuracy for free.", PAPERS, BETTER,
          (("rounded, 3 bits", weights(3)), ("with bias correction", weights(3, bias_correction=True))),
          lambda found, limits: better(found[1], found[0], limits),
          "#inference?bits=3&bias_correction=true&activations=none"),
    Claim("ends", "how", "First and last layer stay at 8 bits: they cost little and matter most.", PAPERS,
          "it holds if 3 bits between two layers of 8 lose at least {noticeable} less than 3 bits everywhere, and the "
          "network stays smaller than with 4 bits everywhere",
          (("3 bits everywhere", weights(3)), ("8, 3, 8 bits", weights((8, 3, 8))), ("4 bits everywhere", weights(4))),
          lambda found, limits: better(found[1], found[0], limits) and found[1].nbytes < found[2].nbytes,
          "#mixed",
          "They do matter, but here the first layer is nine tenths of the network: 4 bits everywhere are smaller."),
    Claim("biases", "how", "Biases stay at 32 bits: they are too few to matter.", VENDORS,
          "it holds if biases of 8 bits would save less than 1 % of the bytes",
          (("8-bit biases", lambda lab: lab.short_biases()),), lambda found, limits: found[0].saved < 0.01, "#matmul"),
)
