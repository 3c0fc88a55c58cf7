"""The page: complete, self-contained, true to its assessment (report.md, sections 2, 3, 10)."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import msgspec
import pytest

from spinemets.model.assessment import Assessment
from spinemets.report import cards, html, wording
from spinemets.report.lexicon import notice
from spinemets.testing import words

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements, texts and headings of a page; complains about elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.headings: list[int] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open[-1] == tag, f"{tag} closes {self.open[-1]}"
        self.open.pop()

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    def all(self, tag):
        return [a for t, a in self.elements if t == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page(named):
    return Page(html.render(named))


@pytest.fixture(scope="module", params=["named", "relative", "sideless", "empty"])
def any_page(request):
    a = request.getfixturevalue(request.param)
    return a, html.render(a)


def test_every_variant_renders_to_well_formed_html(any_page):
    Page(any_page[1])


def test_nothing_is_fetched_from_outside(any_page):
    """ "no script, style, font, picture or request from outside (a CSP meta tag forbids it)"."""
    page = Page(any_page[1])
    csp = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert csp == "default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    assert not page.all("link")
    assert not page.all("iframe")
    assert all(a["src"].startswith("data:image/webp;base64,") for a in page.all("img"))
    assert not [a for a in page.all("script") if "src" in a]
    assert not [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    style = any_page[1].partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in style
    assert not re.search(r"url\((?!#)", style)


def test_no_inline_handlers_and_no_style_attributes(page):
    for _, attributes in page.elements:
        assert not [k for k in attributes if k.startswith("on") or k == "style"]


def test_links_lead_somewhere_and_ids_are_unique(any_page):
    page = Page(any_page[1])
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    missing = [a["href"] for a in page.all("a") if a["href"][1:] not in ids]
    assert missing == []


def test_banner_first_and_last(any_page):
    """REP-02 row 0: the text of the banner "on every page"."""
    text = Page(any_page[1]).text
    assert text.index(notice()) < 300
    assert text.rstrip().endswith(notice())


def test_sections_stand_in_the_order_of_the_specification(page):
    wanted = ["summary", "protocol", "levels", "level-pages", "lesions", "differential", "scores", "change", "not-assessed",
              "plots", "methods", "provenance", "glossary"]  # fmt: skip
    ids = [a.get("id") for t, a in page.elements if t in ("section", "div")]
    assert [i for i in ids if i in wanted] == wanted


def test_headings_are_nested(any_page):
    """WCAG: "nested headings"; one h1, no level skipped."""
    headings = Page(any_page[1]).headings
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(headings))


def test_table_headers_have_a_scope_and_tables_a_caption(any_page):
    """ "scoped table headers"."""
    page = Page(any_page[1])
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))
    assert len(page.all("table")) == len(page.all("caption"))


def test_no_table_cell_is_empty(any_page):
    """ "Never empty"."""
    for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", any_page[1], flags=re.S):
        assert re.sub(r"<[^>]+>|\s", "", cell), cell


def test_every_picture_has_alt_text_size_caption_series_and_window(page, named):
    images = page.all("img")
    assert len(images) == 2 * len(named.pictures)
    assert all(len(a["alt"]) > 10 and int(a["width"]) > 0 and int(a["height"]) > 0 for a in images)
    for p in named.pictures:
        assert (
            f"{p.series_label}, {p.plane}, slice {p.slice_index + 1}, LPS (1.0, -20.5, 104.0) mm. {p.window}."
            in page.text
        )


def test_every_record_is_on_the_page(any_page):
    """Nothing dropped: each finding has an element of its own, cards for positive, rows for the others."""
    a, text = any_page
    ids = {x["id"] for _, x in Page(text).elements if "id" in x}
    assert {f"f-{f.id}" for f in a.all_findings()} <= ids


def test_assessed_and_not_assessed_are_all(page, named):
    """Checklist 10: "Not-assessed table complete (assessed + not = all)"."""
    n = len(named.not_assessable)
    assert f"{n} of {len(named.all_findings())} records have no answer." in page.text


def test_every_statement_urgent_line_and_warning_is_on_the_page(page, named):
    for text in [*(s.text for s in named.summary), *(u.sentence for u in named.urgent), *named.warnings, named.methods,
                 *named.references, *(u.file for u in named.unread), *(c.machine for c in named.corrections)]:  # fmt: skip
        assert text in page.text


def test_urgent_stands_before_everything_that_was_found(page, named):
    """Checklist 3: "Urgent, else worst finding is the first sentence"."""
    assert page.text.index(named.urgent[1].sentence) < page.text.index(named.summary[0].text)


def test_numbers_of_the_page_are_those_of_the_assessment(page, named):
    """REP-14: "every number in prose equals the JSON"."""
    for finding in named.all_findings():
        if finding.value is not None:
            assert cards.value_text(finding) in page.text
            printed = float(re.match(r"-?[\d.]+", cards.value_text(finding)).group(0))
            scale = 100 if " % " in cards.value_text(finding) and finding.unit == "1" else 1
            assert printed == pytest.approx(scale * finding.value, abs=0.51 if scale == 100 else 0.5, rel=0.06)


def test_only_marks_r_and_v_are_called_published(named):
    """signs.md 0.1: "A cut-off without [R] or [V] must never be printed in a report as "published""."""
    made = html.render(named)
    for mark in "EN":
        for line in re.findall(rf'<span class="cut">(?:(?!</span>).)*?\[{mark}\](.*?)</span>', made, flags=re.S):
            assert "published" not in line
    assert re.search(r"\[E\]</abbr> engineering choice", made)


def test_generated_text_passes_the_wording_rules(any_page):
    text = Page(any_page[1]).text
    # The catalogue of methods speaks of "normal neighbours"; statements are tested without that allowance elsewhere.
    assert wording.forbidden(text, statement=False) == ()


def test_without_laterality_no_word_of_side(sideless):
    """G-12: "no laterality word in the report (string test)"."""
    text = Page(html.render(replace(sideless, pictures=()))).text
    assert words.side_words(text) == ()
    assert "Side unknown: no side of the patient is named" in text


def test_without_an_anchor_no_level_is_named(relative):
    """Checklist 5: "No anchor: no level named anywhere"."""
    bare = replace(relative, clinical=replace(relative.clinical, treatments=()), corrections=())
    text = Page(html.render(bare)).text
    # T1 and T2 are sequences too; every other name of a level is searched for.
    text = text.partition("References")[0]
    assert re.findall(r"\b(?:C[1-7]|T(?:1[0-3]|[3-9])|L[1-6]|S[1-5])\b(?!-)", text) == []
    assert "vertebra 7 of 9 in view" in text


def test_embedded_json_reads_back_without_picture_bytes(any_page):
    """ "the JSON embedded, so that `spinemets report` can re-read the page"."""
    a, text = any_page
    inner = re.search(r'<script type="application/json" id="assessment">(.*?)</script>', text, flags=re.S).group(1)
    again = msgspec.json.decode(inner, type=Assessment)
    assert again == replace(a, pictures=tuple(replace(p, image=b"", plain=None) for p in a.pictures))
    assert json.loads(inner)["schema"] == a.schema


ATTACK = "</script><img src=x onerror=alert(1)>\"'&{{7*7}}"


def test_texts_from_files_cannot_become_markup(named):
    """Series labels, file names and notes come from strangers."""
    hostile = replace(
        named,
        series=tuple(replace(s, label=ATTACK) for s in named.series),
        unread=(replace(named.unread[0], file=ATTACK, reason=ATTACK),),
        patient=replace(named.patient, pseudonym=ATTACK, study_date="2026</style><script>"),
        warnings=(ATTACK,), methods=ATTACK, ignored_labels=(ATTACK,), references=(ATTACK,),
    )  # fmt: skip
    made = html.render(hostile)
    page = Page(made)
    assert "<img src=x" not in made
    assert "49" not in page.text.partition("Labels not used")[2][:80]
    assert len(page.all("script")) == 2
    assert page.text.count("alert(1)") >= 6


def test_printed_pages_have_header_and_numbers(named):
    """ "header with pseudonym, study date, page x of y"."""
    made = html.render(named)
    assert 'content: "P-0042, 2026-03-02"' in made
    assert 'counter(page) " of " counter(pages)' in made


def test_references_are_numbered_once_and_include_sources_of_cut_offs(named):
    made = html.references(named)
    assert made[0] == "Example A. Journal 2020. doi:10.1000/xyz"
    assert any("Carroll" in r for r in made)
    assert len(made) == len(set(made))
    named_twice = ("R: Review, section 2.7", "review: its conclusion", "choice: engineering choice", "Jang2019: by age")
    cited = html.references(replace(named, references=named_twice, levels={}))
    assert len(cited) == 2
    assert cited[0].startswith("Shah LM")
    assert cited[0].endswith("Used for: Review, section 2.7; its conclusion.")
    by_key = html.references(replace(named, references=("SINS",)))
    assert by_key[0].startswith("Fourney")
    assert "doi:" in html.references(replace(named, references=("UK2023",)))[0]


def test_digests_of_series_are_listed_by_number(named):
    made = html.render(replace(named, provenance=replace(named.provenance, input_digests={"labels": "77" * 32})))
    assert "series 4" in made
    assert "77" * 32 in made


def test_file_is_written_whole(tmp_path, named):
    html.write_html(named, tmp_path / "out" / "report.html")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.html"]
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == html.render(named)


def test_same_assessment_same_page(named):
    assert html.render(named) == html.render(replace(named))


def whole_spine(named):
    """24 levels, each ill, each with the records of the richest level, 60 pictures."""
    level = named.levels["L3"]
    names = [f"C{n}" for n in range(1, 8)] + [f"T{n}" for n in range(1, 13)] + [f"L{n}" for n in range(1, 6)]
    levels = {}
    for n, name in enumerate(names):
        findings = {k: replace(f, id=f"{name}-{m:02d}", subject=replace(f.subject, level_id=name))
                    for m, (k, f) in enumerate(level.findings.items(), start=1)}  # fmt: skip
        levels[name] = replace(level, level=replace(level.level, name=name, position=n + 1, of=24), findings=findings)
    picture = named.pictures[1]
    pictures = tuple(replace(picture, id=f"{n:03d}", level_id=names[n % 24], finding_id=None) for n in range(60))
    return replace(named, levels=levels, pictures=pictures)


def test_a_whole_spine_stays_within_the_limits(named, tmp_path):
    """ "<= 3 MB, whole spine, 24 levels" and "build <= 2 s for 10 levels"."""
    made = whole_spine(named)
    started = time.perf_counter()
    html.write_html(made, tmp_path / "r.html")
    assert time.perf_counter() - started < 4.0
    assert (tmp_path / "r.html").stat().st_size <= 3_000_000


def test_above_the_limits_pictures_are_left_out_and_said(named):
    """ "hard stop 8 MB, then fewer thumbnails, said on the page"."""
    three = sum(4 * ((len(p.image) + 2) // 3) + html._frame(p) for p in named.pictures[:3])
    frames = sum(html._frame(p) for p in named.pictures[3:])
    fitted, sentence = html.fit(named, 1_000, aim_bytes=1_000, hard_bytes=1_000 + three + frames)
    assert fitted.pictures == tuple(replace(p, plain=None) for p in named.pictures[:3])
    assert "are not shown" in sentence
    assert "without a plain copy" in sentence


def test_within_the_limits_nothing_is_left_out(named):
    assert html.fit(named, 100_000, aim_bytes=3_000_000, hard_bytes=8_000_000) == (named, "")


def test_left_out_pictures_are_named_on_the_page(named, monkeypatch):
    monkeypatch.setattr(html, "fit", lambda a, words, aim, hard: (replace(a, pictures=()), "2 pictures are not shown."))
    assert "2 pictures are not shown." in Page(html.render(named)).text


def test_a_plain_page_without_pictures_renders(named):
    assert not Page(html.render(replace(named, pictures=()))).all("img")
