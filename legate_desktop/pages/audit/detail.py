"""The right side of the Audit page: an entry and its place in the chain, or what a verification said."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.audit.view import Place, ReportView
from legate_desktop.theme.look import look
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.hash_label import HashLabel
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.long_text import LongText
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import moment, number, one_line, tr, value_text

NAMES_PX = 110
VERDICT_SIGNS = {"holds": RUN_SIGNS["succeeded"], "unproven": UNKNOWN, "broken": RUN_SIGNS["failed"]}
VERDICT_WORDS = {"holds": "Holds", "unproven": "Unproven", "broken": "Broken"}


class Detail(QScrollArea):
    """`wanted` carries the entry that a finding names."""

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_nothing("")

    def show_nothing(self, text: str) -> None:
        """Nothing is chosen."""
        column = self._fresh()
        hint = Label(text, "body", tone="quiet")
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addStretch(1)

    def show_place(self, place: Place, now: int) -> None:
        """An entry: what it says, what it belongs to, and where it stands."""
        row = place.row
        column = self._fresh()
        column.addWidget(OutsideText(row.what, "title", ink="text", name=tr("Event")))
        when = tr("Entry {seq} · {moment} · {who}").format(
            seq=number(row.seq), moment=moment(row.at, now), who=one_line(row.who)
        )
        column.addWidget(OutsideText(when, "mono", ink="text3", name=tr("When and who")))
        column.addSpacing(8)
        column.addWidget(Caption(tr("What it says")))
        for name, value in row.body.items():
            self._fact(column, name, value_text(value))
        if row.cause:
            self._fact(column, tr("cause"), row.cause)
        if row.rows:
            column.addSpacing(8)
            column.addWidget(Caption(tr("What it changed")))
            for table, key in row.rows:
                self._fact(column, table, key)
        column.addSpacing(8)
        column.addWidget(Caption(tr("Its place in the chain")))
        own = HashLabel(tr("Hash of this entry"))
        own.set_hash(row.hash, is_good=place.fits)
        before = HashLabel(tr("Hash of the entry before"))
        before.set_hash(place.before)
        for name, label in ((tr("hash"), own), (tr("follows"), before)):
            line = QHBoxLayout()
            line.addWidget(_name(name))
            line.addWidget(label)
            line.addStretch(1)
            column.addLayout(line)
        words = Label(_place_words(place, now), "small", tone="" if place.fits else "bad")
        words.setWordWrap(True)
        column.addWidget(words)
        column.addSpacing(8)
        column.addWidget(Caption(tr("As it was hashed")))
        column.addWidget(LongText(place.text, tr("As it was hashed"), most_lines=8))
        column.addStretch(1)

    def show_report(self, report: ReportView, now: int) -> None:
        """The three verdicts, each with its sentence, and every finding with the entry it names."""
        column = self._fresh()
        column.addWidget(Label(tr("Verified"), "title"))
        column.addWidget(Label(moment(report.at, now), "mono", tone="quiet"))
        for verdict in report.verdicts:
            column.addSpacing(6)
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(SignLabel(VERDICT_SIGNS.get(verdict.state, UNKNOWN)))
            line.addWidget(Label(f"{verdict.name} · {tr(VERDICT_WORDS.get(verdict.state, verdict.state))}", "name"), 1)
            column.addLayout(line)
            column.addWidget(OutsideText(tr_core(verdict.sentence), name=verdict.name))
        said = {verdict.sentence for verdict in report.verdicts}
        # What a verdict said already is only repeated for the way to its entry.
        findings = [finding for finding in report.findings if finding.seq or finding.sentence not in said]
        if findings:
            column.addSpacing(8)
            column.addWidget(Caption(tr("What was found")))
        for finding in findings:
            if finding.sentence not in said:
                column.addWidget(OutsideText(tr_core(finding.sentence), name=tr("Finding")))
            if finding.seq:
                go = Button(tr("Go to entry {seq}").format(seq=number(finding.seq)), kind="secondary")
                go.fired.connect(lambda seq=finding.seq: self.wanted.emit(seq))
                column.addWidget(go)
        column.addSpacing(8)
        column.addWidget(Caption(tr("For a stranger's own tool")))
        self._fact(column, tr("entries"), number(report.entries))
        self._fact(column, tr("rows"), number(report.rows))
        self._fact(column, tr("signed"), number(report.signed))
        self._fact(column, tr("root"), report.root)
        self._fact(column, tr("key"), report.key)
        column.addStretch(1)

    def _fact(self, column: QVBoxLayout, name: str, value: str) -> None:
        line = QHBoxLayout()
        line.addWidget(_name(name), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(OutsideText(value, "mono", ink="text", name=name, most_lines=12), 1)
        column.addLayout(line)

    def _fresh(self) -> QVBoxLayout:
        body = QWidget()
        body.setObjectName("detailBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(6)
        self.setWidget(body)
        return column


def _name(text: str) -> Label:
    label = Label(one_line(text), "small", tone="quiet")
    label.setFixedWidth(look.px(NAMES_PX))
    label.setWordWrap(True)
    return label


def _place_words(place: Place, now: int) -> str:
    if not place.fits:
        return tr("The hash does not fit what stands here. Verify to see what was changed.")
    if place.checkpoint:
        text = tr("It fits. A checkpoint over {size} entries covers it, signed {moment}.")
        return text.format(size=number(place.checkpoint), moment=moment(place.signed_at, now))
    return tr("It fits. No checkpoint covers it yet; the next one will.")
