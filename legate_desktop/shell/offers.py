"""What the palette and the sheet of keys list: pages, what can be done everywhere, what pages can do, and objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from legate_desktop.notice import Notice
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.shell.sheet import Group, written
from legate_desktop.verbs import Verb, Verbs, rights
from legate_desktop.widgets.page_title import Page
from legate_desktop.words import tr

SILENT = frozenset({"next", "previous", "palette"})


class Offers:
    """Gathers what there is to find. `page_of` gives a page that is built, or builds it where `is_wanted` says so."""

    def __init__(
        self,
        context: PageContext,
        specs: Mapping[str, PageSpec],
        verbs: Verbs,
        page_of: Callable[[str, bool], Page | None],
    ) -> None:
        self._context = context
        self._specs = specs
        self._verbs = verbs
        self._page_of = page_of

    def everything(self, here: str) -> Iterable[Found]:
        """First what this page can do, then pages, then what the others can do, then every object."""
        yield from self._deeds_of(self._specs[here])
        for spec in self._specs.values():
            yield self._page(spec)
        for verb in self._verbs.all():
            if verb.id not in SILENT:
                yield self._everywhere(verb)
        for spec in self._specs.values():
            if spec.id != here:
                yield from self._deeds_of(spec)
        for spec in self._specs.values():
            for found in spec.find(self._context):
                yield replace(found, is_object=True)

    def keys(self, here: str) -> list[Group]:
        """The groups of the sheet: this page, everywhere, and from page to page."""
        spec = self._specs[here]
        groups: list[Group] = []
        if spec.verbs:
            groups.append((tr(spec.title), [_names(verb) for verb in spec.verbs if verb.key]))
        groups.append((tr("Everywhere"), [_names(verb) for verb in self._verbs.all() if verb.key]))
        places = [(tr(spec.title), go_keys(at, spec)) for at, spec in enumerate(self._specs.values(), start=1)]
        groups.append((tr("Pages"), [(title, keys) for title, keys in places if keys]))
        return groups

    def _page(self, spec: PageSpec) -> Found:
        go = Deed(tr("Open"), lambda: self._context.go(spec.id), spec.icon)
        deeds = tuple(found.deeds[0] for found in self._deeds_of(spec))
        title = tr("Go to {page}").format(page=tr(spec.title))
        return Found(f"page/{spec.id}", title, "", spec.icon, f"G {spec.key}" if spec.key else "", (go, *deeds))

    def _everywhere(self, verb: Verb) -> Found:
        action = self._verbs[verb.id]
        deed = Deed(tr(verb.name), action.trigger, verb.icon, written(verb.key), self._verbs.why_not(verb.id))
        return Found(f"verb/{verb.id}", tr(verb.name), "", verb.icon, written(verb.key), (deed,))

    def _deeds_of(self, spec: PageSpec) -> Iterable[Found]:
        page = self._page_of(spec.id, False)
        for verb in spec.verbs:
            if verb.id in SILENT:
                continue
            # A page that nobody visited cannot say yet why something may not be done: it is asked when it is there.
            why_not = verb.reason(page) if page is not None else rights.why_not(verb.permission)
            deed = Deed(tr(verb.name), self._doer(spec.id, verb), verb.icon, written(verb.key), why_not)
            yield Found(f"{spec.id}/{verb.id}", tr(verb.name), tr(spec.title), verb.icon, written(verb.key), (deed,))

    def _doer(self, page_id: str, verb: Verb) -> Callable[[], None]:
        def do() -> None:
            self._context.go(page_id)
            page = self._page_of(page_id, True)
            why_not = verb.reason(page)
            if why_not:
                self._context.say(Notice(why_not))
            else:
                verb.run(page)

        return do


def go_keys(at: int, spec: PageSpec) -> list[str]:
    """The keys that lead to the page at this place of the sidebar: a digit for the first nine, a letter after G."""
    digits = [f"Ctrl+{at}"] if at <= 9 else []  # there are nine of these keys
    return digits + ([f"G, {spec.key}"] if spec.key else [])


def _names(verb: Verb) -> tuple[str, tuple[str, ...]]:
    return tr(verb.name), (verb.key, *verb.other_keys)
