"""The papers behind the softmax methods: a method's `source` names them by their arXiv number, and links and BibTeX
entries are made of that."""

import re
from dataclasses import dataclass

ARXIV = re.compile(r"arXiv (\d{4}\.\d{5})")


@dataclass(frozen=True)
class Paper:
    """What BibTeX needs of a paper."""

    key: str
    arxiv: str
    authors: str  # with "and" between them
    title: str
    venue: str
    year: int

    @property
    def bibtex(self) -> str:
        """The BibTeX entry. Names in the title are in braces, which keeps their capitals."""
        title = re.sub(r"[\w-]*[A-Z][\w-]*[A-Z][\w-]*", r"{\g<0>}", self.title)
        facts = {"author": self.authors, "title": title, "booktitle": self.venue, "year": self.year,
                 "eprint": self.arxiv, "archivePrefix": "arXiv"}
        lines = "".join(f"  {name:13} = {{{value}}},\n" for name, value in facts.items())
        return f"@inproceedings{{{self.key},\n{lines}}}"


PAPERS = {paper.arxiv: paper for paper in (
    Paper("kim2021ibert", "2101.01321",
          "Kim, Sehoon and Gholami, Amir and Yao, Zhewei and Mahoney, Michael W. and Keutzer, Kurt",
          "I-BERT: Integer-only BERT Quantization", "International Conference on Machine Learning (ICML)", 2021),
    Paper("stevens2021softermax", "2103.09301",
          "Stevens, Jacob R. and Venkatesan, Rangharajan and Dai, Steve and Khailany, Brucek and Raghunathan, Anand",
          "Softermax: Hardware/Software Co-Design of an Efficient Softmax for Transformers",
          "Design Automation Conference (DAC)", 2021),
    Paper("islamoglu2023ita", "2307.03493",
          "Islamoglu, Gamze and Scherer, Moritz and Paulin, Gianna and Fischer, Tim and Jung, Victor J. B. and "
          "Garofalo, Angelo and Benini, Luca",
          "ITA: An Energy-Efficient Attention and Softmax Accelerator for Quantized Transformers",
          "International Symposium on Low Power Electronics and Design (ISLPED)", 2023),
    Paper("li2023ivit", "2207.01405", "Li, Zhikai and Gu, Qingyi",
          "I-ViT: Integer-only Quantization for Efficient Vision Transformer Inference",
          "International Conference on Computer Vision (ICCV)", 2023),
    Paper("zhong2026intattention", "2511.21513",
          "Zhong, Wanli and Feng, Haibo and Zhou, Zirui and Peng, Hanyang and Yu, Shiqi",
          "IntAttention: A Fully Integer Attention Pipeline for Efficient Edge Inference",
          "Conference on Machine Learning and Systems (MLSys)", 2026),
    Paper("shkolnik2024exaq", "2410.03185",
          "Shkolnik, Moran and Fishman, Maxim and Chmiel, Brian and Ben-Yaacov, Hilla and Banner, Ron and "
          "Levy, Kfir Yehuda",
          "EXAQ: Exponent Aware Quantization For LLMs Acceleration",
          "NeurIPS Workshop on Machine Learning and Compression", 2024),
    Paper("danopoulos2026hccs", "2604.02292",
          "Danopoulos, Dimitrios and Lupi, Enrico and Kagan, Michael and Pierini, Maurizio",
          "Taming the Exponential: A Fast Softmax Surrogate for Integer-Native Edge Inference", "arXiv preprint", 2026),
)}


def linked(text: str) -> str:
    """The text with every arXiv number as a link."""
    return ARXIV.sub(r"[arXiv \1](https://arxiv.org/abs/\1)", text)


def cited(text: str) -> list[Paper]:
    """The papers whose arXiv numbers stand in the text, each once. KeyError for one that is not in PAPERS."""
    return [PAPERS[number] for number in dict.fromkeys(ARXIV.findall(text))]


def bibliography(sources: dict[str, str]) -> str:
    """BibTeX of all papers that `sources` cite, {title of a method: source}: each entry once, below its methods."""
    uses: dict[Paper, list[str]] = {}
    for title, source in sources.items():
        for paper in cited(source):
            uses.setdefault(paper, []).append(title)
    return "\n\n".join(f"% {'; '.join(titles)}\n{paper.bibtex}" for paper, titles in uses.items())
