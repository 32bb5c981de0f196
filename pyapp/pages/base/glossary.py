"""The glossary: the words that pages use, each explained in two sentences, and the page that shows what it means.

A story or a panel marks its first use of a word as [zero point](?zero-point); the shell shows the explanation on hover
and on focus. `glossary_of` finds the marks.
"""

import re

MARK = re.compile(r"\]\(\?([^)\s]+)\)")

# By its name in marks: the page that shows it, and what it means.
TERMS = {
    "quantisation": ("simulator", "Storing numbers as small integers, called codes, that stand for evenly spaced "
                     "values. Fewer bits save memory and time, and cost accuracy."),
    "scale": ("simulator", "The distance between two neighbouring lines of the grid: a number is its code times the "
              "scale. The largest number that has to fit decides how large the scale must be."),
    "zero-point": ("affine", "The code that stands for the real number 0. It lets the grid lie where the numbers are, "
                   "also when all of them have the same sign."),
    "symmetric": ("affine", "A grid that reaches as far below 0 as above it, so it needs no zero point. It wastes "
                  "codes on numbers that are never negative."),
    "affine": ("affine", "A grid from the smallest number to the largest one, placed by a zero point. It uses every "
               "code, and costs an extra sum in matrix products."),
    "per-channel": ("simulator", "One scale for each row of the weights, which is one output of the layer. Rows of "
                    "small numbers then keep fine steps beside rows of large ones."),
    "group": ("simulator", "A few neighbouring numbers that share a scale, often 8 to 128. Smaller groups fit better, "
              "and each stores a scale of its own."),
    "clipping": ("simulator", "Numbers beyond the grid become its first or last code. A narrower range clips more "
                 "numbers, and rounds all others more finely."),
    "rounding": ("errors", "A number becomes the nearest line of the grid, so it moves by at most half a step. "
                 "Rounding errors of many numbers partly cancel in a sum."),
    "outlier": ("errors", "A number far larger than the others that share its scale. It stretches the grid, and all "
                "others are left with a few codes."),
    "calibration": ("inference", "Running some typical inputs through a network to find the range of each "
                    "activation. The grids of the activations are then fixed."),
    "activation": ("inference", "A number that flows from one layer to the next, unlike a weight, which is stored. "
                   "It depends on the input, so its range has to be found by calibration."),
    "fake-quantisation": ("inference", "Rounding numbers to a grid and computing on with floats. It simulates a "
                          "quantised network, and is neither smaller nor faster."),
    "accumulator": ("matmul", "The wide integer, usually of 32 bits, in which products of codes are summed. Codes "
                    "of 8 bits would overflow after a few products."),
    "requantisation": ("matmul", "Scaling the 32-bit sum of a layer down to a code of the next layer. With integers "
                       "it is a multiplication and a shift, and it rounds."),
    "ptq": ("inference", "Post-training quantisation: a trained network is quantised as it is. It takes seconds, and "
            "below about 4 bits it usually costs too much."),
    "qat": ("qat", "Quantisation-aware training: the network trains while its weights and activations are rounded. It "
            "learns to live with its codes, so far fewer bits are enough."),
    "ste": ("qat", "Straight-through estimator: training treats rounding as if it were not there. Its true "
            "derivative is 0 almost everywhere, and no weight would ever move."),
    "lsq": ("qat", "Learned step size quantisation: each scale is trained like a weight. One outlier then no longer "
            "sets the grid for all others."),
    "gptq": ("inference", "A method that rounds weights one after another and moves those still to come to make up for "
             "each error. It needs example inputs, and no training."),
    "sqnr": ("simulator", "Signal-to-quantisation-noise ratio: the energy of the numbers over the energy of their "
             "errors, in decibels. Each bit more is worth about 6 dB."),
    "logits": ("staircase", "The scores that a network gives to its possible answers, before they become "
               "probabilities. Only their differences matter to a softmax."),
    "softmax": ("exponential", "Turns logits into probabilities: an exponential of each, divided by their sum. With "
                "integers the exponential is the difficult part."),
    "shift": ("shift", "A number subtracted from all logits of a row before they are rounded. The softmax does not "
              "notice it; the grid does, and its steps become finer."),
    "kl-divergence": ("mixed", "Kullback–Leibler divergence: how far one set of probabilities is from another, in "
                      "nats. It is 0 if they are equal, and notices changes that accuracy does not."),
    "nats": ("text", "The unit of surprise with natural logarithms: an event of probability p costs −log p nats. A "
             "loss in nats is how surprised a model is on average; e to that power is its perplexity."),
    "parity": ("check", "The same program gives the same numbers in your browser and under CPython. Integers are equal "
               "to the last bit, floats within stated bounds."),
}


def glossary_of(text: str) -> list[str]:
    """The names of the words that a text marks, in the order in which they come."""
    return list(dict.fromkeys(MARK.findall(text)))
