import { html } from "preact";
import { abs, frac, group, hat, math, sqrt, sub, sup, word } from "../ui/math.js";

const surprise = () => [math("L=−", frac("1", "T"), "∑", "log", " p", group(sub("x", "t+1"), "|", sub("x", "1"), "…", sub("x", "t")))];
const attend = () => [math("y=", "softmax", group(frac(["q", sup("k", "⊤")], sqrt("D"))), "v")];
const schedule = () => [math(sub("η", "t"), "=η ", "min", group(frac("t", "w"), ",", sqrt([frac("w", "t")]))), math("w=100")];
const draw = () => [math(sub("p", "i"), "=", frac([word("exp "), sub("z", "i"), "/T"], ["∑", word(" exp "), sub("z", "j"), "/T"]))];
const rounding = () => [
  math(sub(hat("w"), "c"), "=", sub("s", "c"), "round", group(frac(sub("w", "c"), sub("s", "c")))),
  math(sub("s", "c"), "=", frac(["max", abs(sub("w", "c"))], [sup("2", "b−1"), "−1"])),
];

export const chapters = [
  {
    title: "1. A language that can be checked",
    body: html`<p>The stories come from a small grammar. Most of what it asks for is agreement: one dog sleeps, two dogs sleep; mia
        likes her ball and tom likes his. Some of it reaches far. In <q>the dogs that the cat sees sleep</q> the verb at the end has
        to agree with the dogs, although the cat stands next to it.</p>
      <p>The same rules that write the corpus also read what the network writes. So nobody has to judge by eye: the score is the
        share of sentences that the grammar accepts, every letter of them. Of a text of your own there is no grammar; there the
        words are counted that your text has, too.</p>`,
    code: ["pyapp.data.stories.rules", "pyapp.data.stories.accepts"],
  },
  {
    title: "2. What is learned",
    body: html`<p>The network sees letters and says how likely each letter is to come next. The loss is how surprised it was, in nats per
        letter: about 3.2 for 25 letters that are all as likely. First it learns how often each letter comes, then words, then which
        word may follow which, and last what agrees across a clause. The score stays at zero for long, because a sentence with a
        single wrong letter is wrong; then it rises quickly. The loss does not show how far the network still has to go.</p>`,
    formulas: [surprise],
    code: ["pyapp.data.text.Vocabulary", "pyapp.nets.next_token.next_token"],
  },
  {
    title: "3. The network and its training",
    body: html`<p>A GPT: letters and their places become vectors, blocks of attention and a small network change them, and the table of
        letters is used once more to say which letter they look like. Each window of the stories begins where a sentence does, as
        in the writing.</p>
      <p>The rate rises over the first hundred steps, so that no step is taken in a direction that nobody knows yet. From there it
        falls with one over the root of the step, because the training has no end that could be known.</p>`,
    formulas: [attend, schedule],
    code: ["pyapp.nets.gpt.GPT", "pyapp.nets.transformer.Block", "pyapp.core.optim.AdamW", "pyapp.core.schedule.inverse_root"],
  },
  {
    title: "4. Writing",
    body: html`<p>A letter is drawn by its probability, put behind the text, and the next one is asked for. The temperature divides the
        logits before that: below 1 the likely letters become likelier still, and the score rises, for there is less daring. All
        samples are written at once, a letter of each in one pass, and keys and values of earlier letters are kept.</p>`,
    formulas: [draw],
    code: ["pyapp.nets.sampling.write_many"],
  },
  {
    title: "5. While bits fall",
    body: html`<p>The dense layers hold most of the weights. Each of their output channels gets its own scale. Float and rounded network
        draw with the same random numbers, so where their texts part, the weights did it.</p>
      <p>Read at all widths once the network writes well. Loss and score do not fall alike: a little more surprise at each of forty
        letters is enough to spoil the sentence.</p>`,
    formulas: [rounding],
    code: ["pyapp.pages.base.text_training.TextTraining"],
  },
];
