"""What the Knowledge page knows, without a window: bases, jobs, imports, removal with undo, questions, an open document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from legate_desktop.notice import Notice
from legate_desktop.pages.knowledge.asking import AskState
from legate_desktop.pages.knowledge.importing import FILES_AT_ONCE
from legate_desktop.pages.knowledge.opened import PASSAGES, OpenedState
from legate_desktop.pages.knowledge.state import MANY, KnowledgeState
from legate_desktop.pages.knowledge.view import (
    Document,
    Passage,
    agents_words,
    document_words,
    offer_words,
    sheet_of,
    shown,
    snippet,
)
from tests.desktop.fake_core import HOSTILE, NOW, SURFACE, FakeBridge, changed, practice_bridge
from tests.desktop.fakes_knowledge import document


class AtOnce:
    """Does the work in the same moment."""

    def do(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        then(work())


class Told(list[Notice]):
    """What was said."""

    @property
    def texts(self) -> list[str]:
        return [notice.text for notice in self]

    def undo(self) -> None:
        """Take back what was said last and can be taken back."""
        undo = next(notice.undo for notice in reversed(self) if notice.undo is not None)
        assert undo is not None
        undo()


def state_on(bridge: FakeBridge, *, is_far: bool = False) -> tuple[KnowledgeState, Told]:
    state = KnowledgeState(bridge, wall_clock=lambda: NOW, is_far=lambda: is_far, aside=AtOnce())
    said = Told()
    state.noticed.connect(said.append)
    state.open()
    return state, said


def write(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    return paths


def test_the_first_base_is_chosen_and_says_who_may_read_it() -> None:
    state, _said = state_on(practice_bridge())
    assert [base.name for base in state.bases] == ["Handbook", "Letters"]
    base = state.selected
    assert base is not None
    assert agents_words(base) == "Read by Practice deputy"
    assert agents_words(state.bases[1]) == "No agent may read it"
    assert [row.name for row in state.documents][:2] == ["lamps.pdf", "letter.docx"]


def test_an_agent_that_names_a_base_by_its_name_reads_it_too() -> None:
    bridge = practice_bridge()
    bridge.tables["Agents"]["agt_2"] = changed(bridge.tables["Agents"]["agt_2"], knowledge=("Letters",))
    state, _said = state_on(bridge)
    assert [base.agents for base in state.bases] == [(("agt_1", "Practice deputy"),), (("agt_2", "Ledger keeper"),)]


def test_reading_is_a_job_with_a_count_and_failures_are_one_with_a_way_out() -> None:
    bridge = practice_bridge()
    state, _said = state_on(bridge)
    reading, failed = state.jobs()
    assert (reading.words, reading.done, reading.total) == ("Reading: 0 of 2 documents", 0, 2)
    assert (failed.words, failed.verbs) == ("1 document not read", ("failed", "retry_all"))
    rows = bridge.tables["Documents"]
    rows["doc_5"] = changed(rows["doc_5"], state="ready", chunks=4)
    bridge.publish("Documents")
    assert (state.jobs()[0].done, state.jobs()[0].total) == (1, 2)
    rows["doc_6"] = changed(rows["doc_6"], state="ready", chunks=1)
    bridge.publish("Documents")
    assert [job.id for job in state.jobs()] == ["failed"]
    rows["doc_6"] = changed(rows["doc_6"], state="pending")
    bridge.publish("Documents")
    assert state.jobs()[0].words == "Reading: 0 of 1 documents"


def test_progress_comes_by_ticks_and_the_second_index_is_a_job(qtbot: Any) -> None:
    bridge = practice_bridge()
    state, _said = state_on(bridge)
    tick = SimpleNamespace(kind="reading", text="doc_5", done=64, total=210)
    with qtbot.waitSignal(state.documents_changed):
        bridge.tick_listeners["kb_1"]([tick, SimpleNamespace(kind="indexing", text="", done=3, total=9)])
    row = state.document("doc_5")
    assert row is not None
    assert document_words(row) == "Reading · passage 64 of 210"
    bases = bridge.tables["KnowledgeBases"]
    bases["kb_1"] = changed(bases["kb_1"], is_rebuilding=True, next_embedder="nomic")
    bridge.publish("KnowledgeBases")
    job = state.jobs()[-1]
    assert job.words == "A second index is built with nomic; the first answers until it is whole."
    assert (job.done, job.total) == (3, 9)
    bases["kb_1"] = changed(bases["kb_1"], hindrance="The embedder is away. Try again later.")
    bridge.publish("KnowledgeBases")
    job = state.jobs()[-1]
    assert job.words == (
        "The second index cannot be built now; the first answers. The embedder is away. Try again later."
    )
    assert job.state == "failed"


def test_a_long_list_is_gathered_while_it_changes(qtbot: Any) -> None:
    bridge = practice_bridge()
    rows = bridge.tables["Documents"]
    rows |= {f"doc_{at}": document(at, f"{at}.md", NOW) for at in range(10, 10 + MANY)}
    state, _said = state_on(bridge)
    assert len(state.documents) == MANY + 6
    lists: list[int] = []
    state.documents_changed.connect(lambda: lists.append(len(state.documents)))
    with qtbot.waitSignal(state.documents_changed):
        for at in range(10, 14):
            del rows[f"doc_{at}"]
            bridge.publish("Documents")
        assert lists == []
    assert lists == [MANY + 2]


def test_another_base_is_watched_and_the_one_before_no_longer() -> None:
    bridge = practice_bridge()
    state, _said = state_on(bridge)
    first = [watch for watch in bridge.watches if watch.query == SURFACE.Documents("kb_1")]
    state.move(1)
    assert state.selected_id == "kb_2"
    assert [watch.is_closed for watch in first] == [True]
    assert state.documents == []
    assert state.jobs() == []


def test_the_filter_looks_in_names_kinds_folders_and_reasons() -> None:
    state, _said = state_on(practice_bridge())
    for text, names in (
        ("pdf", ["lamps.pdf", "locked.pdf"]),
        ("password", ["locked.pdf"]),
        ("papers csv", ["prices.csv"]),
    ):
        state.set_filter(text)
        assert [row.name for row in state.documents] == names


def test_removal_is_held_and_can_be_undone_until_it_is_sent() -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    state.remove(state.documents[:2])
    assert said.texts == ["Removed 2 documents"]
    assert "lamps.pdf" not in [row.name for row in state.documents]
    assert bridge.sent == []
    said.undo()
    assert [row.name for row in state.documents][:2] == ["lamps.pdf", "letter.docx"]
    state.finish()
    assert bridge.sent == []
    state.remove(state.documents[:1])
    state.finish()
    assert bridge.sent == [SURFACE.RemoveDocuments("kb_1", ("doc_1",))]
    said.undo()
    assert said[-1].is_error
    assert "gone already" in said[-1].text


def test_removal_is_sent_when_its_time_is_over(qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legate_desktop.pages.knowledge.leaving.TOAST_MS", 1)
    bridge = practice_bridge()
    state, _said = state_on(bridge)
    state.remove(state.documents[:1])
    qtbot.waitUntil(lambda: bridge.sent == [SURFACE.RemoveDocuments("kb_1", ("doc_1",))])
    assert state.leaving.ids == frozenset()


def test_a_removed_base_comes_back_chosen_and_its_removal_says_the_same_as_the_core() -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    base = state.selected
    assert base is not None
    state.remove_base(base)
    assert (state.selected_id, [row.name for row in state.bases]) == ("kb_2", ["Letters"])
    said.undo()
    assert state.selected_id == "kb_1"
    state.remove_base(base)
    state.finish()
    assert bridge.sent == [SURFACE.RemoveBase("kb_1")]


def test_a_new_base_is_chosen_even_before_the_list_has_it() -> None:
    bridge = practice_bridge()
    state, _said = state_on(bridge)
    bridge.answers["CreateBase"] = lambda _command: "kb_late"
    state.create("Late")
    bridge.publish("KnowledgeBases")
    assert state.selected_id == "kb_late"
    assert state.why_not_name("Handbook") == "There is one of this name already."
    assert state.why_not_name(" ") == "Give it a name."


def test_files_are_taken_a_few_at_a_time_and_what_was_not_taken_is_kept_to_be_seen(tmp_path: Path) -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    paths = write(tmp_path, *(f"{at}.md" for at in range(FILES_AT_ONCE + 3)))
    odd = write(tmp_path, "picture.png")
    state.imports.begin("kb_1", "Handbook", [*paths, *odd])
    assert [len(command.paths) for command in bridge.sent] == [FILES_AT_ONCE, 4]
    assert said.texts == ["Adding 54 files to Handbook", "53 documents added."]
    (job,) = state.imports.jobs("kb_1")
    assert (job.words, job.verbs) == ("1 file of 54 files not taken", ("show", "dismiss"))
    assert state.imports.refused(job.id) == ((str(odd[0]), "Files like this are not read. Add a PDF."),)
    state.imports.dismiss(job.id)
    assert state.imports.jobs("kb_1") == []


def test_an_import_is_stopped_where_it_is_and_taken_back_whole(tmp_path: Path) -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    folder = tmp_path / "papers"
    write(folder, *(f"{at:03}.md" for at in range(2 * FILES_AT_ONCE)))
    bridge.is_slow = True
    state.imports.begin("kb_1", "Handbook", [folder])
    (job,) = state.imports.jobs("kb_1")
    assert (job.words, job.verbs) == ("Taking in papers: 0 of 100 files", ("cancel",))
    state.imports.cancel(job.id)
    bridge.held.pop()()
    assert (len(bridge.sent), state.jobs()[0].id) == (1, "reading")
    state.imports.begin("kb_1", "Handbook", [folder])
    said.undo()
    bridge.held.pop()()
    assert type(bridge.sent[-1]).__name__ == "RemoveDocuments"
    assert len(bridge.sent[-1].document_ids) == FILES_AT_ONCE
    assert len(bridge.sent) == 3


def test_a_core_elsewhere_is_sent_the_bytes(tmp_path: Path) -> None:
    bridge = practice_bridge()
    state, _said = state_on(bridge, is_far=True)
    paths = write(tmp_path, "a.md", "b.txt")
    state.imports.begin("kb_1", "Handbook", [*paths, tmp_path / "gone.md"])
    assert bridge.sent == [
        SURFACE.UploadDocument("kb_1", "a.md", b"a.md"),
        SURFACE.UploadDocument("kb_1", "b.txt", b"b.txt"),
    ]
    (job,) = state.imports.jobs("kb_1")
    ((name, reason),) = state.imports.refused(job.id)
    assert name.endswith("gone.md")
    assert "cannot be opened" in reason


def test_an_empty_folder_and_a_refusal_are_said(tmp_path: Path) -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    (tmp_path / "empty").mkdir()
    state.imports.begin("kb_1", "Handbook", [tmp_path / "empty"])
    assert said.texts[-1] == "There is nothing in empty that can be read."
    bridge.refusal = ("The engine is away. Start Legate again.", True)
    state.imports.begin("kb_1", "Handbook", write(tmp_path, "a.md"))
    assert [job.words for job in state.imports.jobs("kb_1")] == ["1 file of a.md not taken"]


def test_a_folder_is_followed_and_no_longer_and_both_can_be_undone() -> None:
    bridge = practice_bridge()
    state, said = state_on(bridge)
    base = state.selected
    assert base is not None
    state.watch_folder("kb_1", "Handbook", "/srv/new")
    said.undo()
    state.unwatch(base, "/srv/letters")
    said.undo()
    assert bridge.sent == [
        SURFACE.WatchFolder("kb_1", "/srv/new"),
        SURFACE.UnwatchFolder("kb_1", "/srv/new"),
        SURFACE.UnwatchFolder("kb_1", "/srv/letters"),
        SURFACE.WatchFolder("kb_1", "/srv/letters"),
    ]


def test_bases_that_cannot_be_read_end_the_skeleton_and_say_why() -> None:
    state, said = state_on(practice_bridge())
    state._never_opened("You may not see knowledge. Ask for the role Viewer.")
    assert not state.is_loading
    assert said[-1].is_error


# Questions.


def test_a_question_is_answered_and_one_that_was_overtaken_is_not() -> None:
    bridge = practice_bridge()
    asking = AskState(bridge)
    asking.turn_to("kb_1")
    bridge.is_slow = True
    asking.ask("What of a lamp?")
    asking.ask("What of a spoon?")
    assert asking.is_asking
    for answer in bridge.held:
        answer()
    assert (asking.hits, asking.has_answer) == ([], True)
    bridge.is_slow = False
    asking.ask("What of a lamp?")
    assert [(hit.document, hit.page) for hit in asking.hits] == [("lamps.pdf", 1), ("letter.docx", 0)]
    assert asking.notices == ("2 documents not read yet and not searched.",)
    asking.turn_to("kb_2")
    assert (asking.hits, asking.has_answer) == ([], False)


def test_a_question_is_put_to_some_documents_alone() -> None:
    asking = AskState(practice_bridge())
    asking.turn_to("kb_1")
    asking.ask("What of a lamp?", " LETTER ")
    assert [hit.document for hit in asking.hits] == ["letter.docx"]
    asking.ask("What of a lamp?")
    assert len(asking.hits) == 2


def test_a_document_says_how_long_ago_an_agent_used_it() -> None:
    row = Document("doc_1", "lamps.pdf", "pdf", "", "ready", chunks=4, size_bytes=48_000, used_at=1_000)
    assert document_words(row, 1_000 + 3 * 86_400_000).endswith("48.0 kB · used 3 days ago")
    assert "used" not in document_words(replace(row, used_at=0), 5_000)


def test_no_question_and_too_long_a_one_are_not_asked() -> None:
    asking = AskState(practice_bridge())
    asking.ask("  ")
    assert asking.problem == "Write what you look for."
    asking.ask("x" * 5_000)
    assert asking.problem == "Ask for one thing at a time."


def test_a_refused_question_says_why() -> None:
    asking = AskState(practice_bridge())
    asking.turn_to("kb_gone")
    asking.ask("What of a lamp?")
    assert not asking.is_asking
    assert asking.problem.startswith("There is no such thing")


# An open document.


def test_a_document_opens_at_its_passage_and_goes_on_beyond_what_is_loaded() -> None:
    bridge = practice_bridge()
    rows = bridge.tables["Documents"]
    rows["doc_2"] = changed(rows["doc_2"], chunks=3 * PASSAGES)
    opened = OpenedState(bridge)
    opened.show("doc_2", PASSAGES - 1)
    assert (opened.position, opened.first, opened.has_more) == (PASSAGES - 1, 0, True)
    opened.move(1)
    assert (opened.position, opened.first) == (PASSAGES, PASSAGES)
    opened.turn(1)
    opened.turn(1)
    assert (opened.first, opened.has_more) == (2 * PASSAGES, False)
    assert opened.place() == f"doc_2#{2 * PASSAGES}"


def test_a_page_is_drawn_once_for_each_passage_and_only_for_pdf() -> None:
    bridge = practice_bridge()
    opened = OpenedState(bridge)
    asked: list[Any] = []
    draw = bridge.answers["DocumentPage"]
    bridge.answers["DocumentPage"] = lambda query: asked.append(query) or draw(query)
    opened.show("doc_1", 1)
    opened.draw(800)
    opened.draw(800)
    opened.choose(3)
    opened.draw(800)
    opened.draw(800, page=1)
    assert [(query.page, query.position) for query in asked] == [(1, 1), (2, 3), (1, -1)]
    opened.show("doc_2")
    opened.draw(800)
    assert len(asked) == 3


def test_a_document_that_is_read_anew_or_removed_does_not_stay_as_it_was() -> None:
    bridge = practice_bridge()
    rows = bridge.tables["Documents"]
    opened = OpenedState(bridge)
    opened.show("doc_1", 2)
    rows["doc_1"] = changed(rows["doc_1"], revision=2, chunks=2)
    row = Document("doc_1", "lamps.pdf", "pdf", "", "ready", revision=2)
    opened.refresh(row)
    assert (len(opened.passages), opened.position) == (2, 0)
    opened.refresh(None)
    assert opened.document is None
    assert opened.place() == ""


def test_a_document_without_passages_says_why() -> None:
    opened = OpenedState(practice_bridge())
    opened.show("doc_4")
    assert opened.problem.startswith("The PDF is protected")
    opened.show("doc_6")
    assert opened.problem == "It is not read yet."
    opened.show("doc_99")
    assert opened.problem.startswith("There is no such thing")


def test_a_citation_opens_its_passage() -> None:
    opened = OpenedState(practice_bridge())
    opened.show_cited("[lamps.pdf#1]")
    assert (opened.document_id, opened.position) == ("doc_1", 1)


# Words.


def test_a_text_is_put_together_from_passages_that_overlap() -> None:
    def row(position: int, text: str, start: int) -> Passage:
        return Passage(str(position), position, "", text, start, start + len(text), 0, "")

    sheet = sheet_of([row(0, "one two three", 0), row(1, "three four", 8), row(2, "five", 30)])
    assert sheet.text == "one two three four\n\nfive"
    assert [sheet.text[start:end] for start, end in sheet.places.values()] == ["one two three", "three four", "five"]


def test_marks_stay_on_their_words_when_hidden_signs_are_shown() -> None:
    text = f"a{HOSTILE} lamp"
    start = text.index("lamp")
    said, ((first, last),) = shown(text, ((start, start + 4),))
    assert "\u202e" not in said
    assert said[first:last] == "lamp"


@pytest.mark.parametrize("at", [0, 700, 1_990])
def test_a_snippet_holds_the_words_that_were_asked_for(at: int) -> None:
    text = "x " * (at // 2) + "lamp " + "y " * 1_000
    said, marks = snippet(text, ((at, at + 4),), 200)
    assert [said[start:end] for start, end in marks] == ["lamp"]
    assert len(said) <= 204


def test_what_is_dragged_is_counted_by_kind_and_nothing_readable_is_nothing() -> None:
    assert offer_words([("pdf", False), ("pdf", False), ("mail", False), ("", True), ("", False)]) == (
        "1 folder, 3 files (1 EML, 2 PDF), 1 that cannot be read"
    )
    assert offer_words([("", False)]) == ""
