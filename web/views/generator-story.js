import { html } from "preact";
import { abs, frac, group, hat, math, sub, sup, under, word } from "../ui/math.js";

const routing = () => [math("d=", "softmax", group(frac(["W u+b"], "T"))), math("x=", under("∑", "k"), sub("d", "k"), sub("g", "k"))];
const balance = () => [math(sub("t", "ik"), "∝", sup("e", ["2", sub("r", "k"), group(sub("u", "i"))]), ",  ", under("∑", "i"), sub("t", "ik"), "=n ", sub("π", "k"))];
const bound = () => [
  math("L=−", "log", "p", group("x|z,y"), "+β ", word("KL"), group("q", "∥", "N", group("0,1"))),
  math("+γ ", word("CE"), group("y,c", group(hat("x")))),
];
const hinton = () => [math(word("KL"), group("softmax", group(frac(["r", group("u")], "τ")), "∥", "softmax", group("W u+b")))];
const exactly = () => [math("y=s", under("∑", "i"), sub("q", "i"), sub("a", "i"), ",  ", abs(under("∑", "i"), sub("q", "i"), sub("a", "i")), "<", sup("2", "53"))];
const diversity = () => [math(hat("D"), "=", frac([word("mean distance of two samples of a class")], [word("the same for real digits")]))];

export const chapters = [
  {
    title: "1. Noise that can be repeated",
    body: html`<p>Mulberry32 turns 32 bits of state into one number after the other; since its state only grows by a constant, Python computes any of them at
        once, and bit for bit what the well-known JavaScript function gives. Ten numbers of each seed, spread over −1 to 1, are its latents. The next
        192, twelve to a sum, are its style noise: such a sum is close to a normal distribution, and exact, which a logarithm is not.</p>
      <p>Any seed works: a negative or too large one is taken modulo 2³², a fraction loses what follows the point, words
        become their CRC-32; the page says what became of it.</p>`,
    code: ["pyapp.digitgen.mulberry.words"],
  },
  {
    title: "2. The mini decoder",
    body: html`<p>A routing matrix makes ten logits out of the ten latents, the softmax turns them into coefficients, and these blend ten pictures. The
        temperature divides the logits: over seeds 0 to 999 the largest coefficient has 0.89 on average at 0.35, and 0.58 at 1.5, where several
        glyphs shine through each other.</p>
      <p>Python draws the glyphs itself, from strokes with a round pen: the ink of a pixel falls over the last pixel's width at the stroke's edge. A font or a
        canvas would look different on every machine.</p>`,
    formulas: [routing],
    code: ["pyapp.digitgen.strokes.render", "pyapp.digitgen.mini.MiniDecoder"],
  },
  {
    title: "3. How the teacher learned which latents mean which digit",
    body: html`<p>Nobody tells it. Its router has a straight road, ten by ten, and a small bend beside it. In every batch of random latents its own opinion is
        sharpened and balanced, so that each digit gets its share of the batch, as often as it occurs among the training labels; that is the target it learns
        from. It becomes sure of itself and divides the box into ten pieces. Because most of it is straight, so are most borders, and a linear
        routing can follow.</p>`,
    formulas: [balance],
    code: ["pyapp.digitgen.router.balanced"],
  },
  {
    title: "4. How it learned to write",
    body: html`<p>As half of an autoencoder that is told the class: an encoder sees a digit and says in 16 numbers how it is written, the decoder has to draw it again.
        The numbers are kept close to a normal distribution, so that one can later draw them out of nothing. A small classifier stands beside it and
        asks that pictures from styles which no image had are still the digit that was wanted: in a trial of ten passes without it, half of them were not.</p>
      <p>A GAN of this size would have been the usual choice. Here each training image has to be drawn again, so no way of writing can be forgotten, and one
        loss that falls makes the training the same each time. The price is blur, against which the last logits are multiplied by a constant.</p>`,
    formulas: [bound],
    code: ["pyapp.digitgen.autoencoder.Autoencoder"],
  },
  {
    title: "5. The student is distilled",
    body: html`<p>The teacher is nearly always sure, and a sure teacher says nothing about the other nine digits. At a high temperature τ it does: the student's 110 numbers
        are fitted to those soft answers. It loses the bend, and with it a strip along some borders, and it loses the styles: two pictures of the same digit are nearly
        alike, which is what its diversity says.</p>`,
    formulas: [hinton],
    code: ["pyapp.digitgen.distillation.distil"],
  },
  {
    title: "6. The same pixels everywhere",
    body: html`<p>Two machines add in different orders, and floats then differ in the last bit. So weights are whole codes with a scale, in float as well (multiples of
        2⁻¹⁶), and what flows between the layers is rounded to multiples of 2⁻¹⁴: all sums are whole numbers that float64 holds exactly. Of a thousand samples
        0.2 % of the pixels become others by that, by at most 4 of 255 grey levels. The exponential is a series of our own. With fewer bits the codes are those of the quantisation pages, one scale an output.</p>
      <p>Two numbers say what bits cost: whether samples are still read as what they are meant to be, and whether they still differ from each other. Look
        which of the two breaks first.</p>`,
    formulas: [exactly, diversity],
    code: ["pyapp.digitgen.painter.Exact", "pyapp.digitgen.exact.softmax", "pyapp.digitgen.measures.quality"],
  },
];
