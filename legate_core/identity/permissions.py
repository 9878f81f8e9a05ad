"""The permission matrix as data: who may ask the engine for what. Policy, not this, says what may happen in the world.

A cell: `A` all in the workspace, `O` own (created by or assigned to the person), `G` where a grant names the person,
`P` may propose and takes effect after another holder agrees, `R` needs fresh re-authentication, `N` not one's own run,
`-` no. Where only one eligible person exists, `P` counts as `A R`.
"""

from __future__ import annotations

from dataclasses import dataclass

ROLES = ("owner", "admin", "builder", "operator", "viewer")

_TABLE = """
workspace.view                 A    A    A    A    A
workspace.settings.edit        A    A    -    -    -
workspace.delete               AR   -    -    -    -
ownership.transfer             AR   -    -    -    -
billing.manage                 A    -    -    -    -
billing.view                   A    A    -    -    -
usage.view_all                 A    A    -    -    -
usage.view_own                 A    A    O    O    O
session.prove                  A    A    A    A    A

members.view                   A    A    A    A    A
members.invite                 A    A    -    -    -
members.remove                 A    A    -    -    -
roles.assign                   A    A    -    -    -
roles.assign.admin             AR   -    -    -    -
roles.assign.owner             PR   -    -    -    -
sso.configure                  AR   -    -    -    -
apikeys.create_own             OR   OR   OR   OR   -
apikeys.revoke                 A    A    O    O    -
devices.enrol_own              O    O    O    O    O
devices.approve                A    A    -    -    -
devices.revoke                 A    A    O    O    O

definitions.view               A    A    A    A    A
drafts.view                    A    A    A    -    -
drafts.create                  A    A    A    -    -
drafts.edit                    A    A    A    -    -
definitions.publish            A    A    O    -    -
definitions.publish.wider      P    P    P    -    -
definitions.delete             A    A    O    -    -
definitions.restore            A    A    O    -    -
definitions.import             A    A    A    -    -
definitions.export             A    A    A    -    -

runs.start                     A    A    A    A    -
runs.start.rehearsal           A    A    A    -    -
runs.start.draft               A    A    O    -    -
runs.view                      A    A    A    A    A
runs.view.payloads             A    A    OG   OG   -
runs.cancel                    A    A    O    A    -
runs.retry                     A    A    O    A    -
runs.fork                      A    A    A    -    -
runs.resolve_in_doubt          A    A    O    A    -
runs.resolve_in_doubt.grave    A    A    -    -    -
runs.export                    AR   AR   O    O    -
runs.erase                     PR   PR   -    -    -
recall.own                     O    O    O    O    -
recall.workspace               A    A    -    A    -

schedules.create               A    A    O    -    -
schedules.edit                 A    A    O    -    -
schedules.pause                A    A    O    A    -
schedules.resume               A    A    O    A    -
triggers.webhook.rotate        A    A    O    -    -
mandates.draft                 A    A    O    O    -
mandates.accept.low            A    A    G    -    -
mandates.accept.high           AN   AN   -    -    -
mandates.accept.grave          PR   PR   -    -    -
mandates.suspend               A    A    O    A    -

approvals.view                 A    A    O    A    -
approvals.view.payload         A    A    OG   G    -
approvals.decide.low           A    A    O    A    -
approvals.decide.high          AN   AN   GN   GN   -
approvals.decide.grave         ARN  GRN  -    GRN  -
approvals.edit.low             A    A    O    A    -
approvals.edit.high            AN   AN   GN   GN   -
approvals.edit.grave           ARN  GRN  -    GRN  -
approvals.snooze               A    A    O    A    -
approvals.delegate             A    A    O    A    -
rules.create.personal          O    O    O    O    -

policy.view                    A    A    A    A    A
policy.simulate                A    A    A    -    -
policy.tighten                 A    A    -    -    -
policy.loosen                  P    P    -    -    -
policy.floor                   PR   -    -    -    -
break_glass                    AR   AR   -    -    -

connectors.install             A    A    -    -    -
connectors.configure           A    A    -    -    -
mcp.review                     A    A    -    -    -
credentials.create.shared      A    A    -    -    -
credentials.replace            A    A    -    -    -
credentials.create.personal    O    O    O    O    -
credentials.bind               A    A    G    -    -
credentials.test               A    A    G    G    -
credentials.delete             AR   AR   O    O    -
credentials.reveal             -    -    -    -    -
vault.rotate_master            AR   -    -    -    -
vault.export_encrypted         AR   -    -    -    -
vault.view                     A    A    A    A    -
vault.lock                     A    A    A    A    -
vault.unlock                   A    A    -    -    -

kb.create                      A    A    A    G    -
kb.edit                        A    A    A    G    -
documents.add                  A    A    A    G    -
kb.search                      A    A    G    G    G
kb.label.raise                 A    A    O    -    -
kb.label.lower                 P    P    -    -    -
documents.delete               A    A    O    -    -

audit.view                     A    A    O    O    -
audit.view.payloads            AR   AR   -    -    -
audit.verify                   A    A    O    O    -
audit.export                   A    A    O    O    -
audit.delete                   -    -    -    -    -
backup.run                     AR   A    -    -    -
backup.restore                 AR   -    -    -    -
server.metrics                 A    A    -    A    -
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one role holds of one permission."""

    everything: bool = False
    own: bool = False
    granted: bool = False
    proposes: bool = False
    reauthenticate: bool = False
    not_own: bool = False

    @property
    def holds(self) -> bool:
        """Whether the role holds the permission in any form."""
        return self.everything or self.own or self.granted or self.proposes


def _parse(table: str) -> dict[str, dict[str, Cell]]:
    matrix: dict[str, dict[str, Cell]] = {}
    for line in table.splitlines():
        if not line.strip():
            continue
        name, *cells = line.split()
        if len(cells) != len(ROLES) or name in matrix:
            raise ValueError(f"the permission matrix has a broken line: {line}")
        matrix[name] = {role: _cell(letters) for role, letters in zip(ROLES, cells, strict=True)}
    return matrix


def _cell(letters: str) -> Cell:
    if set(letters) - set("AOGPRN-"):
        raise ValueError(f"the permission matrix has an unknown cell: {letters}")
    return Cell(
        everything="A" in letters,
        own="O" in letters,
        granted="G" in letters,
        proposes="P" in letters,
        reauthenticate="R" in letters,
        not_own="N" in letters,
    )


MATRIX = _parse(_TABLE)
"""Permission name → role → cell. A permission that is not in here is held by nobody."""


def holders(permission: str) -> tuple[str, ...]:
    """The roles that hold a permission in any form, for "Needs Operator" and the like."""
    row = MATRIX.get(permission, {})
    return tuple(role for role in ROLES if role in row and row[role].holds)
