// The words and formulas of rungs 4 to 7. fresh: what is new; left: what was left out; both are one paragraph.
import { html } from "preact";
import { frac, group, math, sqrt, sub, sup, under, word } from "../ui/math.js";

const lesson = html`<a href="https://www.3blue1brown.com/lessons/attention">3Blue1Brown's lesson on attention</a>`;

const embed = () => [math(sub("x", "i"), "=", sub("E", word("word\u00a0i")))];
const unembed = () => [math(sub(word("logit"), "j"), "=x·", sub("E", "j"))];
const scores = () => [
  math(sub("s", "ij"), "=", sub("q", "i"), "·", sub("k", "j")),
  math(sub("q", "i"), "=", sub("W", "Q"), sub("x", "i")),
  math(sub("k", "j"), "=", sub("W", "K"), sub("x", "j")),
];
const weights = () => [math(sub("a", "ij"), "=", frac(sup("e", sub("s", "ij")), [under("∑", "k≤i"), sup("e", sub("s", "ik"))]))];
const nudge = () => [math(sub("r", "i"), "=", sub("x", "i"), "+", under("∑", "j≤i"), sub("a", "ij"), sub("W", "V"), sub("x", "j"))];
const scaled = () => [math(sub("s", "ij"), "=", frac([sub("q", "i"), "·", sub("k", "j")], sqrt("d")), word("\u00a0with\u00a0"), "d=3")];
const block = () => [
  math(sub("h", "i"), "=", word("ReLU"), group(sub("W", "1"), sub("r", "i"), "+", sub("b", "1"))),
  math(sub("o", "i"), "=", sub("r", "i"), "+", sub("W", "2"), sub("h", "i"), "+", sub("b", "2")),
];
const chances = () => [math(sub("p", "j"), "=", frac(sup("e", [sub("z", "j"), "/T"]), [under("∑", "k"), sup("e", [sub("z", "k"), "/T"])]))];

export const WORDS = {
  rung4: {
    formula: embed,
    fresh: html`The inputs are words now, and a word is no number. So each gets a row of three numbers in a table, and the table is
      learnt like any weight. The same table serves at both ends: a vector is turned back into words by its dot product
      with every row (tied unembedding).`,
    left: html`Everything about the place of a word: real models add a position to each row, so that order counts. Words are cut
      into pieces there, the table has tens of thousands of rows, and a row has thousands of numbers.`,
    chapters: [
      {
        title: "1. A word is a row",
        body: html`<p>Three numbers are few, and were chosen so that each has a slider. Nobody has said what they mean; the fit has put them where
          they made the next word likely. Words that it never had to tell apart lie close to the middle.</p>`,
        formulas: [embed],
      },
      {
        title: "2. One mole is like another",
        body: html`<p>The word “mole” is an animal, an amount and a spot of skin. The table cannot know: it gives the same three numbers in all three
          sentences. What makes them differ has to come from the other words, and that is the next rung. The three sentences and the phrase
          “a fluffy blue creature” come from ${lesson}.</p>`,
      },
      {
        title: "3. And back",
        body: html`<p>How much a vector speaks for a word is their dot product. A long row has a large product with itself, but perhaps a larger
          one with another that points the same way and is longer still; the bars show it.</p>`,
        formulas: [unembed],
      },
    ],
  },
  rung5: {
    formula: scores,
    fresh: html`Words take something from one another. Each asks with its query, the words up to it answer with their keys, the dot products become
      weights by a softmax, and the weighted values are added to what the word was.`,
    left: html`The fitted matrices and the division by √d are switched off at first, as identity matrices show the idea with fewer
      numbers; both switches are at the side. Left out altogether are several heads, positions, and normalisation before the block.`,
    chapters: [
      {
        title: "1. Asking with dot products",
        body: html`<p>With identity matrices a word's vector is its query, its key and its value at once, so words attend to what points their way.
          The framing of query, key and value, and the fluffy blue creature, are those of ${lesson}.</p>
          <p>Move the number of a word on rung 4 and come back: the arrows have other numbers, for they are computed from those rows and nothing else.</p>`,
        formulas: [scores],
      },
      {
        title: "2. Shares of one",
        body: html`<p>The softmax makes shares of the scores that add up to one. Nobody looks ahead: a word that does not stand there yet has no say.</p>
          <p>The original divides by the square root of the length of the vectors, lest long vectors make the softmax all or nothing. With
          three numbers that is a matter of taste: turn it on and the shares become more even.</p>`,
        formulas: [weights, scaled],
      },
      {
        title: "3. Added, not replaced",
        body: html`<p>The sum of the shares is a nudge, and the word stays what it was underneath. The creature turns
          towards fluffy and blue, and it is still the creature.</p>`,
        formulas: [nudge],
      },
    ],
  },
  rung6: {
    formula: block,
    fresh: html`After looking around comes thinking alone: rung 3's neurons, six of them, look at one refined vector. Those that fire add
      something to it.`,
    left: html`Normalisation before the block, smoother bends than ReLU (GELU), and layers upon layers: a real model repeats attention
      and block dozens of times, with blocks thousands of neurons wide.`,
    chapters: [
      {
        title: "1. Questions and answers",
        body: html`<p>A row of W₁ is a question: how far does the vector point my way? Where the answer is above zero the neuron fires, and its column of
          W₂ is what it adds, as strongly as it fired.</p>`,
        formulas: [block],
      },
      {
        title: "2. Silence is information",
        body: html`<p>A silent neuron adds nothing at all: which ones are silent differs from word to word, and so the same weights make a different
          straight map for each. That is all the bend that this transformer has besides the softmax.</p>`,
      },
      {
        title: "3. What it buys",
        body: html`<p>Turn the block off and look at the ranking: attention alone cannot say what comes next. With it, “roamed” has about four fifths.</p>`,
      },
    ],
  },
  rung7: {
    formula: chances,
    fresh: html`The last word's vector meets the table again: a dot product with every row, a softmax, and there is a probability for each
      word. Choose one, append it, and begin again at rung 4. That loop is all that “generating” means.`,
    left: html`Training: these 126 numbers were fitted beforehand, by “python -m pyapp ladder fit”, on five short sentences. Left out as
      well: remembering keys and values between the steps, choosing among the best few only, and any knowledge of the world.`,
    chapters: [
      {
        title: "1. From numbers to a choice",
        body: html`<p>Greedy takes the most likely word each time and always tells the same story: roamed, the, forest and the full stop. Sampling draws
          by the probabilities; the seed decides the draws, so that the same seed draws the same words.</p>
          <p>A low temperature sharpens the probabilities, a high one flattens them: try 0.3 and 3.</p>`,
        formulas: [chances],
      },
      {
        title: "2. In bits",
        body: html`<p>The bit slider rounds the tables and matrices, one scale for each. With 7 bits the story holds. With 6 it says “forest” twice,
          with 5 it holds by luck, with 4 it is nothing but the full stop, with 3 it never reaches the full stop: one other word changes all that follows, for each word is
          the input of the next.</p>`,
        code: ["pyapp.quant.schemes.symmetric_grid"],
      },
      {
        title: "3. The whole ladder",
        body: html`<p>A line, a bend, several of them, words as numbers, words that look at words, neurons again, and a choice. The phrase and its
          framing are those of ${lesson}; weights, numbers and code are our own.</p>`,
      },
    ],
  },
};
