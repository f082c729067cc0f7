"""The numbers of papers: each as printed, whole, checked by the reader, and none of what is missing."""

import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest

from avbench.errors import BadFile
from avbench.leaderboard.published import read_published
from avbench.registry import families, get_family

FOLDER = Path(__file__).parents[2] / "leaderboards/published"
PAPERS = Path(__file__).parents[3] / "shared/papers"
PUBLISHED = read_published(FOLDER)

# Where the body of a table begins and ends in our copy of the paper's text.
BODIES = {
    ("mutud", "I"): ("TABLE I:", "[62], Perceptual"),
    ("mutud", "II"): ("TABLE II:", "time. While we"),
    ("mutud", "III"): ("TABLE III:", "TABLE IV:"),
    ("mutud", "IV"): ("TABLE IV:", "TABLE V:"),
    ("mutud", "V"): ("TABLE V:", "TABLE VI:"),
    ("mutud", "VI"): ("TABLE VI:", "MUTUD model is comparable"),
    ("mutud", "VII"): ("TABLE VII:", "TABLE VIII:"),
    ("mutud", "VIII"): ("TABLE VIII:", "V-CAFE achieves"),
    ("mutud", "IX"): ("TABLE IX:", "### G. Audiovisual Active"),
    ("mutud", "Fig. 2"): ("Method\t5\t0\t-5\t-10\t-15\nAudio\t", "Fig. 2:"),
    ("cmml", "2"): ("Method Task PSNR SSIM LSA.", "Table 2:"),
    ("cmml", "3"): ("Method Task STOI ESTOI PESQ", "Table 3:"),
    ("cmml", "4"): ("Methods Rec. Backbone", "Table 4:"),
    ("xfavot", "2"): ("Image\tStarGAN", "Table 2. Results"),
    ("xfavot", "3"): ("\tGround Truth\t", "Figure 4."),
    ("xfavot", "4"): ("Table 4. Ablation", "Table 5. Ablation"),
}


def body(paper: str, table: str) -> str:
    """The text of a table."""
    text = (PAPERS / f"{paper}.txt").read_text()
    first, last = BODIES[paper, table]
    start = text.index(first)
    return text[start : text.index(last, start + len(first))]


def as_written(paper: str, table: str) -> list[str]:
    """The numbers and dashes of a table, in the order of the text."""
    found = []
    for line in body(paper, table).split("\n"):
        line = line.replace("$\\overline{ }$", "-").replace("$\\overline{\\phantom{a}}$", "-")
        line = re.sub(r"\$?\\overline\{[^}]*\}+\$?", "-", line)
        cells = line.split("\t") if "\t" in line else line.split()
        if "\t" not in line and paper != "cmml":
            continue  # captions and text; tables have tabs there
        for cell in cells[1:] if paper != "cmml" else cells:
            cell = re.sub(r"[$*<>/b\sMG]|^Our$", "", cell.split(" ± ")[0])
            if re.fullmatch(r"-?\d+(\.\d+)?|-", cell) and not re.fullmatch(r"-?\d+", cell):
                found.append("" if cell == "-" else cell)
    return found


@pytest.mark.skipif(not PAPERS.is_dir(), reason="the papers are not here: put their texts in ../shared/papers")
@pytest.mark.parametrize("paper, table", BODIES)
def test_every_number_stands_in_the_paper(paper, table):
    copied = [n.printed for n in PUBLISHED.numbers if (n.paper, n.table) == (paper, table)]
    written = as_written(paper, table)
    while written and (paper, table) == ("xfavot", "4") and len(written) < len(copied):
        written[2:2] = ["", ""]  # fields that the paper leaves empty
    assert copied == written


@pytest.mark.skipif(not PAPERS.is_dir(), reason="the papers are not here: put their texts in ../shared/papers")
@pytest.mark.parametrize("paper, table", [key for key in BODIES if key[0] == "mutud" and key[1] != "VI"])
def test_rows_have_the_names_of_the_paper(paper, table):
    lines = [line.split("\t")[0] for line in body(paper, table).split("\n") if "\t" in line]
    names = [re.sub(r"</?b>|<i>|</i>|\*", "", name).strip() for name in lines]
    copied = list(dict.fromkeys(n.row for n in PUBLISHED.numbers if (n.paper, n.table) == (paper, table)))
    assert copied == [name for name in names if name not in ("Method", "# of codes", "")]


def test_what_figure_2_prints_follows_from_table_1():
    stoi = {(n.row, n.condition["snr"]): n.value for n in PUBLISHED.numbers if (n.table, n.metric) == ("I", "stoi")}
    rows = {"Audio": "Audio-only", "Audio-3.63M": "Audio-only w. similar # params"}
    shares = [n for n in PUBLISHED.numbers if n.table == "Fig. 2"]
    assert len(shares) == 20
    for n in shares:
        snr = n.condition["snr"]
        noisy, best = stoi["Noisy Audio", snr], stoi["Audiovisual", snr]
        share = 100 * (stoi[rows.get(n.row, n.row), snr] - noisy) / (best - noisy)
        assert abs(share - n.value) <= 0.06, n


def test_what_is_missing_is_listed_and_never_estimated():
    status = {(t.paper, t.table): t for t in PUBLISHED.tables}
    lost = [("xfavot", table) for table in ("1", "5", "7", "9", "Fig. 5")]
    for key in [*lost, ("noisy-talking-face", "Fig. 5"), ("cmml", "Supplement")]:
        assert status[key].status == "not available" and status[key].reason and not status[key].numbers
    assert len(PUBLISHED.numbers) == 578
    assert {t.table for t in PUBLISHED.of_task("talking-face")} == {"Fig. 5"}


def test_names_of_our_systems_are_names_of_systems():
    for name in {n.system for n in PUBLISHED.numbers} - {"", "noisy"}:
        family, _, variant = name.partition("/")
        if family in families():  # the systems of the other papers come later
            assert variant in get_family(family).variants, name


def test_all_problems_are_told_at_once(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "p")
    path = tmp_path / "p/mutud.csv"
    lines = path.read_text().split("\n")
    lines[1] = lines[1].replace(",82.6,", ",826,")
    lines[2] = lines[2].replace(",stoi,", ",stoy,")
    lines[3] = lines[3].replace(",60.5,", ",nan,")
    lines[4] = lines[4].replace(",%,", ",%,made-up")
    lines[5] = lines[5].replace("snr=-15", "-15")
    lines[6] = lines[7]
    lines[8] = lines[8].rpartition(",")[0]
    lines[9] = lines[9].replace("mutud,I,", "mutud,X,")
    lines[10] = lines[10].replace(",avse,", ",asd,").replace(",-15.07,", ",,")
    path.write_text("\n".join(lines))
    (tmp_path / "p/papers.csv").write_text((FOLDER / "papers.csv").read_text().replace("xfavot,", "xf,"))
    with pytest.raises(BadFile) as caught:
        read_published(tmp_path / "p")
    text = str(caught.value)
    for wanted in (
        "mutud.csv:2: stoi cannot be 826%",
        "mutud.csv:3: there is no metric 'stoy'",
        "mutud.csv:4: the value 'nan' is not finite",
        "mutud.csv:5: caveats.csv has no made-up",
        "mutud.csv:6: the condition '-15' is not axis=value",
        "mutud.csv:8: the same number as in mutud.csv:7",
        "mutud.csv:9: 12 fields, not 13",
        "mutud.csv:10: tables.csv has no mutud X",
        "mutud.csv:11: the task 'asd' is none of those of I",
        "xfavot 2 is of no paper in papers.csv",
        "xfavot 2 is copied, and there is no number of it",
    ):
        assert wanted in text, wanted
    assert text.startswith(f"{tmp_path / 'p'} has ")


def test_a_number_without_value_says_why(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "p")
    path = tmp_path / "p/cmml.csv"
    path.write_text(path.read_text().replace(",27.7,,%,lsa-domain", ",,,%,"))
    with pytest.raises(BadFile, match="no value, and no caveat that says why"):
        read_published(tmp_path / "p")


def test_missing_files_are_told(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "p")
    (tmp_path / "p/cmml.csv").unlink()
    (tmp_path / "p/caveats.csv").write_text("id,sentence\n")
    with pytest.raises(BadFile) as caught:
        read_published(tmp_path / "p")
    assert "cmml.csv: cannot be read" in str(caught.value)
    assert "caveats.csv: the first line must be id,text,source, not id,sentence" in str(caught.value)


def test_conditions_of_a_metric_do_not_repeat():
    held = defaultdict(set)
    for n in PUBLISHED.numbers:
        assert n.key not in held[n.paper, n.table]
        held[n.paper, n.table].add(n.key)
