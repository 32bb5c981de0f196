"""What the page about the generators shows: nine pictures, both networks side by side, what was lost, and a walk."""

from pyapp.experiment.panels import Beside, Button, Buttons, Column, Panel, Table, Words
from pyapp.experiment.pictures import Images

SIDES = {"teacher_float": "float", "teacher_bits": "quant", "mini_float": "float", "mini_bits": "quant"}


def side(key: str, role: str) -> tuple[Words, Images]:
    """The nine seeds through one generator."""
    at, when = f"sides.{key}", "quantised" if role == "quant" else ""
    return (
        Words(name=f"size-{key}", role="caption", when=when,
              text=f"[{{{at}.title}}](.{role}): {{{at}.numbers:count}} numbers, {{{at}.bytes:bytes}}{{{at}.extra}}"),
        Images(name=f"side-{key}", pictures=key, size="nine", pick="picked", picked="picked", when=when,
               label=f"{{{at}.title}}, {{{at}.labels.@i}}", words=f"[{{{at}.labels.@i}}](.{{{at}.kept.@i}})"))


def coefficients(name: str, rows: str, columns: tuple[Column, ...]) -> Table:
    return Table(name=name, rows=rows, chosen="best", caption="Coefficients", columns=(Column("", "name"), *columns))


BATCH = Panel("batch", "Nine digits out of a seed", (
    Words(text="Each seed gives ten numbers between −1 and 1, and these decide which digit is meant; the digit with "
               "the largest coefficient is named below its picture. The same seed gives the same pixels on every "
               "machine. Click a picture to look at it below."),
    Words(name="seed-note", role="note", text="{seed_note}.", when="seed_note"),
    Words(name="which", role="caption", text="[{which}](.{role}), seed {seed:text}{asked_words}"),
    Images(name="sheet", pictures="sheet", size="large", pick="picked", picked="picked",
           label="{labels.@i}, seed {seeds.@i:text}", words="**{labels.@i}** [{seeds.@i:text}](.muted)"),
    Buttons(buttons=(Button("Next nine", (("seed", "next_seed"),), name="next", primary=True),
                     Button("Random seed", act="random", name="random"),
                     Button("Save PNG", act="save-png", name="save-png"),
                     Button("Save latents", act="save-json", name="save-json"))),
), empty="The pictures appear when Python has started.")
TEACHER_AND_STUDENT = Panel("sides", "Teacher and student", (
    Words(text="The same nine seeds through both. The student knows only which part of the box of latents means "
               "which digit, not how a digit is written; a frame marks where it means a different digit from the "
               "teacher."),
    *(block for kind in SIDES.items() for block in side(*kind)),
), empty="Both generators appear when Python has started.")
COEFFICIENTS = Panel("coefficients", "Coefficients", (
    Words(name="picked-seed", text="Of picture {picked_number}, seed {picked_seed:text}{picked_words}.{inks}"),
    coefficients("coefficients", "routing", (
        Column("", bar=("exact",), when="!quantised"), Column("", bar=("exact", "rounded"), when="quantised"),
        Column("float32", "exact:fixed:2", role="float"),
        Column("{params.bits} bits", "rounded:fixed:2", role="quant", when="quantised"))),
    Words(name="entropy", role="doc", text="Entropy {entropy:fixed:3} nats; latents {latent:words:2}."),
), place="readouts", empty="The coefficients appear when Python has started.")
FIELDS = Panel("fields", "The ten fields", (
    Words(text="What the mini decoder blends: {fields_words}."),
    Images(name="field", pictures="fields", size="small", label="field of the {ten.@i:text}", words="{ten.@i:text}"),
    Buttons(when="swap", buttons=(Button("{swap_words}", (("fields", "swap"),), name="swap-fields"),)),
), place="readouts", empty="The ten fields appear when Python has started.")
LOST = Panel("lost", "What was lost", (
    Words(text="1,000 samples, seeds 0 to 999, at this temperature. **Recognised as meant**: the pretrained digits "
               "network, which had no part in the training, recognises the digit with the largest coefficient. "
               "**Diversity**: the mean distance between two pictures of the same digit, as a share of that for real "
               "digits. **Agreement**: the digit that is meant is the one that the float32 teacher means."),
    Table(name="judged", rows="judged", caption="What a thousand samples of each generator are worth", columns=(
        Column("generator", "[{title}](.{role})"),
        *(Column(title, f"{key}:percent", role="{role}")
          for key, title in (("read", "recognised as meant"), ("diversity", "diversity"))),
        Column("agreement", "agreement:percent"))),
    Words(name="recipes", role="doc",
          text="{measuring}When the weights were made: a nearest-neighbour classifier on the shipped digits recognises "
               "{recipes.teacher.neighbour:percent} of the teacher's samples as meant; the distillation ended at a "
               "divergence of {recipes.mini.loss:fixed:4} nats."),
), place="wide", empty="The numbers appear when Python has started.")
WALK = Panel("walk", "A walk through the latents", (
    Words(text="{walk_about}"),
    Words(name="goal-note", role="note", text="{goal_note}.", when="goal_note"),
    Words(name="way", role="caption",
          text="from seed {picked_seed:text} to seed {goal:text}; click a picture to go there"),
    Images(name="walk", pictures="walk", size="path", pick="at", value="walk_shares.@i", words="{walk_labels.@i}",
           label="{walk_labels.@i} after {walk_shares.@i:percent} of the way"),
    Beside(width=112, blocks=(
        Images(name="walk-at", pictures="walk_at", size="large", label="{walk_label}",
               words="**{walk_label}** [at {walk_share:fixed:3}](.muted)"),
        coefficients("walk-d", "walk_routing", (Column("", bar=("share",), roles=("{role}",)),
                                                Column("", "share:fixed:2", role="{role}"))))),
), place="wide", empty="The walk appears when Python has started.")
NEIGHBOURS = Panel("neighbours", "Around the picked picture", (
    Words(name="neighbours-about",
          text="{neighbours_words} Below are the real digits, of the 5,000 that this page has, that are nearest. The "
               "teacher was not trained on these; its 1,000 judged samples differ from each of the 55,000 that it was "
               "trained on by at least {recipes.teacher.nearest_training:fixed:2}."),
    Images(name="neighbours", pictures="neighbours", size="{neighbours_size}", when="!alike",
           label="{neighbour_labels.@i}: {moves.@i.name}", words="{moves.@i.sign} {neighbour_labels.@i}"),
    Words(name="read", role="caption",
          text="meant as {meant}, recognised by the digits network as {seen}; nearest real digits, distance in units "
               "of full ink (0 to 28)"),
    Images(name="real", pictures="real", size="path", words="{real_labels.@i} [{real_distances.@i:fixed:2}](.muted)",
           label="a real {real_labels.@i}, distance {real_distances.@i:fixed:2}"),
), place="wide", empty="The neighbours appear when Python has started.")
PANELS = (BATCH, TEACHER_AND_STUDENT, COEFFICIENTS, FIELDS, LOST, WALK, NEIGHBOURS)
