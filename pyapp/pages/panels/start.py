"""What the front door shows: a digit read with fewer and fewer bits, the repair, and the ways into the rest."""

from pyapp.experiment.panels import Beside, Fact, Facts, Head, Panel, Together, Words, Work
from pyapp.experiment.pictures import Axis, Bars, Chart, Heatmap, Line, Scale
from pyapp.pages.base.measured import measured

SEE = Panel("see", "One digit, fewer and fewer bits", (
    Words(role="verdict-words", name="verdict", text="{words}"),
    Beside(width=200, blocks=(
        Heatmap(name="image", label="A handwritten digit.", array="image", map="grey", height=320,
                read="row {@row}, column {@column}: ink {image:fixed:2}"),
        Bars(name="probabilities", label="Probability of each digit, float32 and quantised.", labels="labels",
             limit="limit", height=320, read="{labels.@i}: float32 {float:percent:1}, {now_words} {now:percent:1}",
             lanes=(Line("float", "float", "float32"), Line("now", "quant", "{now_words}"))),
        Chart(name="repair-curve", label="Accuracy while the network is repaired.", x="reached.steps", height=320,
              marks="goal", caption="accuracy while it is repaired", across=Axis("step", ends="reached.ends"),
              up=Axis(ends="range", format="percent:0"),
              read="step {reached.steps.@i}: {reached.accuracy.@i:percent:1}",
              lines=(Line("reached.accuracy", "quant"), Line("reached.accuracy", "quant", shape="dots"))))),
), empty="The digit appears when Python has started.")
WEIGHTS = Panel("weights", "What is left of the weights", (
    Words(text="One picture for each of twelve neurons of the first layer: orange pixels excite it, blue ones "
               "inhibit it. Fewer bits leave fewer colours."),
    Heatmap(name="filters", label="First-layer weights, images of 28 by 28.", array="filters", limit="weight_limit",
            read="neuron {@tile}, row {@row}, column {@column}: {filters:signed:4}", height=240, loupe=True),
    Scale(limit="weight_limit", what="weight"),
))
CURVE = Panel("curve", "Where it breaks, and what training recovers", (
    Chart(name="curve", label="Accuracy over bits per weight.", x="widths", read="{points.@i}", marks="marks",
          caption="accuracy on MNIST’s {official:count} official test images", height=240,
          across=Axis("bits per weight", ends="ends", ticks="ticks"), up=Axis(ends="range", format="percent:0"), lines=(
              Line("rounded", "float", "just rounded"), Line("trained", "proof", "trained", shape="dots"))),
    Words(role="doc", text="Rounded: weights on one [symmetric](?symmetric) grid per layer, float32 "
                           "[activations](?activation). Trained: a long run of quantisation-aware training, with 4-, "
                           "3- and 8-bit activations at 4, 3 and 2 bits per weight, in integer arithmetic only. The "
                           "ring is the network on this page, on {held_out:count} other test images."),
))
REPAIR = Panel("repair", "Repair it here", (
    Facts(name="pair", caption="Accuracy", heads=(Head("float32", "float"), Head("{now_words}", "quant", "now")),
          facts=(Fact("accuracy on {held_out:count} test images",
                      ("float_accuracy:percent:1", "accuracy:percent:1"), "accuracy"),)),
    measured("{held_out:count} shipped test images", "{weights_are}, one scale per layer", "float32 activations",
             when="is_rounded"),
    Words(role="note", text="Nothing is rounded, so nothing is broken: take bits away.", when="!is_rounded"),
    Words(text="Your browser trains the [quantised](?quantisation) network on 2,000 images: [quantisation-aware "
               "training](?qat). The next question: 4 bits survive here and 3 break; why do large models break "
               "sooner? Often because [a few outliers](#simulator?data=outlier&bits=4) set the scale for all other "
               "numbers."),
), place="readouts")
DOORS = Panel("doors", "Go on", (
    Beside(width=260, blocks=(
        Together(blocks=(Words(role="sentence", text="**[15 minutes](#simulator?data=layer1&bits=4&tour=1)**"),
                         Words(text="A guided path: a layer’s weights on a grid, one outlier, inference with 3 bits, "
                                    "training that repairs it, a text that falls apart and comes back, your own "
                                    "digit."))),
        Together(blocks=(Words(role="sentence", text="**[My numbers](#simulator)**"),
                         Words(text="Paste a tensor and see how each scheme quantises it."))),
        Together(blocks=(Words(role="sentence", text="**[Softmax lab](#methods)**"),
                         Words(text="16 integer softmaxes on the same logits: the papers behind them, their errors and "
                                    "where they break."))))),
    Words(text="In the common runtimes the same int8 model can give different answers on different machines ([ONNX "
               "Runtime 28609](https://github.com/microsoft/onnxruntime/issues/28609)), because the int8 instructions "
               "of some processors [saturate](https://github.com/microsoft/onnxruntime/issues/14642). Here integers "
               "are equal everywhere ([parity](?parity)), and [this browser can prove it now](#check)."),
), place="wide")
TOUR = (
    ("#simulator?data=layer1&bits=4", "A layer’s weights on a grid",
     "These are weights of a trained layer. With 4 bits each becomes one of 16 codes: see how many of the codes are "
     "used, then move the slider to 3 bits and to 8."),
    ("#simulator?data=outlier&bits=4", "One outlier",
     "One large number sets the scale, and all others fall onto a few codes. Under “One scale per”, choose group "
     "instead of tensor, and watch the error fall."),
    ("#inference?bits=3", "Inference with 3 bits",
     "The same digits network, with 3-bit weights and 8-bit activations, in integer arithmetic. Draw a digit: how "
     "sure is the network now?"),
    ("#qat?bits=2", "Quantise first, then train",
     "Rounded to 2 bits, the network only guesses. Training with its 2-bit codes repairs it, as the recorded curve "
     "shows: press Play to train it here, from that first guess on."),
    ("#text", "A text falls apart, and comes back",
     "Two copies of a small language model continue the same prompt. The second one has 3-bit attention scores, and "
     "its words fall apart. Set Shift to “row maximum, clipped”: both write again, and the words come back."),
    ("#digits?weights=pretrained&bits=4", "Your own digit",
     "Draw a digit. The float32 network and the one with 4 bits per weight both classify it; take more bits away until "
     "they disagree. That is the end of the path. From here, [quantise numbers of your own](#simulator), [compare the "
     "integer softmaxes](#methods) or [build a network from a single line](#rung1)."),
)
RUN = Work(start="Repair {named}", stop="Stop", on="Go on", again="Repair {named} again", begun="begun", name="repair",
           when="is_rounded")
PANELS = (SEE, WEIGHTS, CURVE, REPAIR, DOORS)
