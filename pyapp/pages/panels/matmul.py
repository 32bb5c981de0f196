"""What the walk through an integer product shows: eight steps with formulas and matrices, and one element spelled out.

`at` says which step is shown, `reached` which have come up to it, and `by`, in the last step, the rule of rounding.
"""

from dataclasses import dataclass

from pyapp.experiment.formulas import Equation, Formula, Matrix
from pyapp.experiment.panels import (
    Beside,
    Button,
    Buttons,
    Column,
    Fact,
    Facts,
    Head,
    Heading,
    Panel,
    Table,
    Together,
    Words,
)
from pyapp.quant.integer import ROUNDINGS

REAL, EXACT = "fixed:3", "signed:7"  # numbers that are no integers: as they are shown, and as they are read
NAMES = dict(zip(ROUNDINGS, ("single", "double", "float32"), strict=True))


def matrix(name: str, caption: str, sign: str = "", format: str = "fixed:0", role: str = "quant", *,
           of: tuple[str, ...] = ("row", "column"), place: str = "row {@row}, column {@column}", read: str = "",
           **more: str | bool) -> Matrix:
    """An array of the frame. of: what an element of the output has here, a row, a column or, with both, a cell: it is
    lit, and a click chooses by it."""
    exact = read or f"{{{name}:{format if format == 'fixed:0' else EXACT}}}"
    return Matrix(name=name, array=name, caption=caption, sign=sign, format=format, role=role,
                  chosen=tuple(f"index.{axis}" if axis in of else "" for axis in ("row", "column")),
                  pick=tuple((axis, f"@{axis}") for axis in of), read=f"{caption}, {place}: {exact}", **more)


def vector(name: str, caption: str, of: str, **more: str) -> Matrix:
    return matrix(name, caption, of=(of,), place=f"{of} {{@{of}}}", **more)


def codes(name: str, caption: str, sign: str = "") -> Matrix:
    return matrix(f"{name}_codes", f"codes of {caption}", sign, of=("row" if name == "a" else "column",),
                  read=f"{{{name}}} → code {{{name}_codes:fixed:0}} → {{{name}_after}}")


def errors(name: str) -> Matrix:
    return matrix(f"{name}_error", "error", "=", "fixed:4", "", shade=f"{name}_share", both=True)


def corrected(before: str, name: str, then: str = "then") -> tuple[Matrix, ...]:
    return (matrix(f"after_{before}", "so far"), matrix(f"term_{name}", "correction", "+"),
            matrix(f"after_{name}", then, "="))


A = matrix("a", "A, float32", "", REAL, "float", of=("row",))
W = matrix("w", "Wᵀ, float32", "·", REAL, "float", of=("column",))
Y, LESS_Y = (matrix("y", "float32 product", sign, REAL, "float") for sign in ("=", "−"))
CODES = (codes("a", "A"), codes("w", "Wᵀ", "·"))
ACCUMULATOR = matrix("after_constant", "accumulator")


@dataclass(frozen=True)
class Step:
    """One of the eight steps: its name, its formula, and what it shows."""

    name: str
    label: str
    title: str
    formula: str  # TeX
    words: str
    shows: tuple[Matrix, ...]


STEPS = (
    Step("float", "Float32", "The product of real numbers", r"y_{ij} = \sum_k a_{ik} w_{jk}",
         "{rows} input{rows:s} of {inner} number{inner:s} (rows of A) times {columns} output{columns:s} (columns of "
         "Wᵀ). Each element of the product is one row times one column, summed. Choose one by a click, or by the arrow "
         "keys.",
         (A, W, Y)),
    Step("codes", "Codes", "Both matrices on integer grids",
         r"q = \operatorname{round}(x/s) + z \qquad \hat{x} = s(q - z)",
         "A gets {grids.a.bits} bits: scale **{grids.a.scale}**, zero point **{grids.a.zero_point:fixed:0}**. W gets "
         "{grids.w.bits} bits: {said.w_grid}. Point at a code to see the number it came from. Everything that is lost "
         "up to step 7 is lost here.",
         (*CODES, vector("w_scales", "scale of each output", "column", format="fixed:4", role="float", when="each"),
          vector("w_zeros", "zero point of each output", "column", when="each"))),
    Step("product", "Product", "The integer product", r"\sum_k a_k w_k",
         "Codes times codes, summed in int32: small integers only, and all the work there is, rows times columns times "
         "inner size. It is not yet the product of the numbers, because a code counts from 0 and its number from the "
         "zero point.",
         (*CODES, matrix("after_product", "integer product", "="))),
    Step("a_correction", "Σ w", "Minus the zero point of A times the sums of W", r"-z_a \sum_k w_k",
         "Every code of A is too large by $z_a$ = **{grids.a.zero_point:fixed:0}**, so each sum is too large by $z_a$ "
         "times the sum of its weights. The sums of the weights are **known before any input is**: they are computed "
         "once and kept.{said.no_a}",
         (*corrected("product", "a_correction"), vector("w_sums", "Σ w of each output, kept", "column"))),
    Step("w_correction", "Σ a", "Minus the zero points of W times the sums of A", r"-z_w \sum_k a_k",
         "The same the other way round, with $z_w$ {said.w_zero}. The sums of the inputs have to be added up **again "
         "for every input**, which is why weights are usually symmetric.{said.no_w}",
         (*corrected("a_correction", "w_correction"), vector("a_sums", "Σ a of each row", "row"))),
    Step("constant", "Constant", "Plus what was subtracted twice",
         r"\sum_k (a_k - z_a)(w_k - z_w) = \qquad \sum_k a_k w_k - z_a \sum_k w_k \qquad -z_w \sum_k a_k + I z_a z_w",
         "Both corrections took $z_a z_w$ out of every product, {inner} per element. What is left is the corrected "
         "accumulator, the product of the codes counted from their zero points.{said.no_zero}",
         corrected("w_correction", "constant", "accumulator")),
    Step("scale", "Scale", "Times both scales: real numbers again", r"\hat{y}_{ij} = S_a S_w \cdot \text{acc}_{ij}",
         "One unit of the accumulator is worth $S_a S_w$ = **{cell.unit:scientific}** in the chosen column. Beside it "
         "the float32 product of step 1, and the error: orange is too large, blue too small, full colour is the "
         "largest error.",
         (ACCUMULATOR, matrix("real", "times both scales", "→", REAL), LESS_Y, errors("real"))),
    Step("requantise", "Requantise", "Or straight to the next layer's codes",
         r"M = S_a S_w / S_y \approx m_0 \cdot 2^{e - 31} "
         r"\qquad q = \operatorname{clip}(\operatorname{round}(\text{acc} \cdot M) + z_y)",
         "The next layer wants codes of {grids.y.bits} bits with scale **{grids.y.scale}** and zero point "
         "**{grids.y.zero_point:fixed:0}**. The accumulator is multiplied by M and rounded {said.rule}: no real number "
         "is needed in between. The error is that of the real numbers which these codes stand for.",
         (ACCUMULATOR, matrix("codes", "output codes", "→", framed="apart"), matrix("final", "stand for", "→", REAL),
          LESS_Y, errors("final"))),
)


def shown(number: int, step: Step) -> Together:
    return Together(when=f"at.{step.name}", blocks=(
        Heading(name="step-title", text=f"{number}. {step.title}"),
        Words(name="step-words", role="step-words", text=step.words), Formula(tex=step.formula),
        Equation(name="equation", blocks=step.shows)))


def line(step: str, name: str, label: str, value: str, role: str = "quant", when: str = "") -> Fact:
    """A line of the sum; it belongs to a step, and is not there before."""
    return Fact(label, (value,), f"cell-{name}", role, when or f"reached.{step}", chosen=f"at.{step}")


def last(name: str, label: str, value: str, role: str = "quant", rule: str = "") -> Fact:
    return line("requantise", name, label, value, role, rule and f"by.{rule}")


WALK = Panel("walk", "Step by step", (
    Buttons(steps="Steps; arrow keys go back and on", buttons=(
        *(Button(f"**{number}** {step.label}", (("step", f"numbers.{step.name}"),), name=f"step-{number}",
                 pressed=f"at.{step.name}") for number, step in enumerate(STEPS, 1)),
        Button("Back", (("step", "previous"),), name="back", off="at.float"),
        Button("Next", (("step", "next"),), name="next", off="at.requantise"))),
    *(shown(number, step) for number, step in enumerate(STEPS, 1)),
    Words(name="proof", good="check.exact", when="at.constant",
          text="{check.equal} of {check.elements} accumulator{check.elements:s} equal to Σ (a − $z_a$)(w − $z_w$), "
               "computed another way: zero points taken off first, then multiplied in int64."),
), empty="The matrices appear when Python has started.")
ROUNDING = Panel("rounding", "Three ways to round", (
    Words(text="M {said.of_column}is {cell.ratio:scientific}, in fixed point {cell.m0:count} · "
               "2^({cell.exponent:fixed:0} − 31). “Single” keeps the whole product in 64 bits and rounds once; "
               "“double” stays in 32 bits and rounds twice; “float32” multiplies by a float32 factor, as ONNX Runtime "
               "does. Outputs on which they differ are framed above."),
    Beside(width=280, blocks=(
        Together(blocks=(
            Words(role="caption", text="Different output codes, of {check.elements}"),
            Facts(facts=tuple(Fact(f"{NAMES[one]} and {NAMES[other]}", (f"differ.{one}_{other}",),
                                   f"differ-{one}-{other}")
                              for one, other in (("single", "double"), ("single", "float"), ("double", "float")))))),
        Together(blocks=(
            Words(name="near", role="doc",
                  text="Of the {near.looked:count} accumulators around this one, single and double differ on "
                       "{near.single_double:count}, single and float32 on {near.single_float:count}.{said.nearest}"),
            Table(name="near-examples", rows="near.examples", key="acc", when="near.examples",
                  caption="Accumulators that the rules round differently", columns=(
                      Column("accumulator", "acc:fixed:0"), Column("times M", "exact:fixed:5"),
                      *(Column(name, f"{rule}:fixed:0", role="quant") for rule, name in NAMES.items()))))))),
), when="at.requantise")
ELEMENT = Panel("element", "Element {row}, {column}", (
    Beside(width=280, blocks=(
        Together(blocks=(
            Words(text="Row {row} of A and column {column} of Wᵀ, {inner} product{inner:s}, and what becomes of the "
                       "sum up to step {step}."),
            Table(name="products", rows="cell.inputs", key="@index", caption="The products of this element", columns=(
                Column("k", "@index"),
                *(Column(title, f"{name}:fixed:4", role="float")
                  for title, name in (("a", "a"), ("w", "w"), ("a·w", "product"))),
                *(Column(f"code {name}", f"{name}_code:fixed:0", role="quant", when="reached.codes") for name in "aw"),
                Column("product", "code_product:fixed:0", role="quant", when="reached.product"))),
            Facts(name="ledger", caption="The sum of this element", facts=(
                line("float", "y", "Σ a·w, the float32 product", "cell.y:fixed:6", "float"),
                line("product", "product", "Σ of code products", "cell.terms.product:fixed:0"),
                line("a_correction", "a-correction", "−$z_a$ Σ w = −{cell.a_zero:fixed:0} · {said.w_sum}",
                     "cell.terms.a_correction:signed:0"),
                line("w_correction", "w-correction", "−$z_w$ Σ a = −{cell.w_zero:fixed:0} · {said.a_sum}",
                     "cell.terms.w_correction:signed:0"),
                line("constant", "constant", "+$I z_a z_w$ = {inner} · {cell.a_zero:fixed:0} · {cell.w_zero:fixed:0}",
                     "cell.terms.constant:signed:0"),
                line("constant", "acc", "accumulator", "cell.after.constant:fixed:0"),
                line("scale", "real", "times both scales, {cell.unit:scientific}", "cell.real:fixed:6"),
                line("scale", "error", "error", "cell.error:signed:6", ""),
                last("exact", "accumulator · M, M = {cell.ratio:scientific}", "cell.exact:fixed:4", ""),
                last("m0", "$m_0$, where e = {cell.exponent:fixed:0}", "cell.m0:count", "", "fixed"),
                last("whole", "(accumulator · $m_0$ + half) >> {cell.shift}", "cell.whole:fixed:0", rule="single"),
                last("high", "first rounding: upper half of 2 · accumulator · $m_0$", "cell.high:fixed:0",
                     rule="double"),
                last("whole", "second rounding: over 2^{cell.right}", "cell.halved:fixed:0", rule="double"),
                last("whole", "rounded in float32, half to even", "cell.whole:fixed:0", rule="float"),
                last("code", "+z = +{cell.y_zero:fixed:0}{said.clamped}: output code", "cell.code:fixed:0"),
                last("final", "stands for (code − z) · {grids.y.scale}", "cell.final:fixed:6"),
                last("final-error", "error", "cell.final_error:signed:6", ""))))),
        Together(blocks=(
            Heading(text="Against the float32 product"),
            Words(text="Errors over all elements. The integers in between lose nothing: their sums are exact."),
            Facts(name="errors", caption="Errors against the float32 product",
                  heads=(Head("mean"), Head("maximum"), Head("SQNR")),
                  facts=tuple(Fact(label, (f"{of}.mean", f"{of}.maximum", f"{of}.sqnr_db:decibels"))
                              for label, of in (("step 7, real numbers", "errors.real"),
                                                ("step 8, output codes", "errors.final")))),
            Words(name="onnx", role="doc", good="check.onnx", when="by.float",
                  text="These codes {said.onnx} those of ONNX QLinearMatMul."),
            Heading(text="Room in int32"),
            Words(name="bound",
                  text="The largest sum that any codes of these grids can reach here is {bound.inner} · "
                       "{bound.a_reach} · {bound.w_reach} = {bound.raw:count} before correction and "
                       "{bound.centred:count} after. Int32 ends at {bound.int32:count}; that is "
                       "{bound.percent:scientific} % of it. Sums of up to {bound.safe_inner:count} products are safe."),
            Words(role="doc", text="[Proven for these weights and any input codes, in any order of adding.](.good)"))),
    )),
), when="cell")
PANELS = (WALK, ROUNDING, ELEMENT)
