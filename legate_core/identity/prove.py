"""A fresh proof of who is at the desk, for what is grave: the passphrase, typed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from legate_core.crypto.secret import Secret
from legate_core.errors import Conflict, Forbidden, Invalid
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.identity.bootstrap import remember, remembered
from legate_core.identity.events import IdentityProved, PassphraseSet
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command

PASSPHRASE = "passphrase"
MIN_CHARACTERS = 8


class KeyHolder(Protocol):
    """What holds the keys; where it asks for a passphrase, that one is the proof."""

    @property
    def needs_passphrase(self) -> bool: ...

    def unlock(self, passphrase: Secret | None = None) -> None: ...


@runtime_checkable
class Rewraps(Protocol):
    """A `KeyHolder` whose keys lie under the passphrase, so that another one means wrapping them again."""

    def change_passphrase(self, old: Secret, new: Secret) -> Callable[[], None]:
        """Wrap the keys under the new one; answers with what takes that back."""
        ...


@dataclass(frozen=True, slots=True)
class Prove(Command[None]):
    """Prove that it is you; good for five minutes. A wrong passphrase is refused and proves nothing."""

    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SetPassphrase(Command[None]):
    """Choose the passphrase that proves it is you, or change it.

    Where the operating system holds the keys and asks for none, the first one is set freely, by whoever is at the desk;
    changing it needs the old one. Where the keys lie under a passphrase, that one is the proof, and it needs the old one
    and wraps every key anew.
    """

    passphrase: str = field(repr=False)
    old: str = field(default="", repr=False)


@command(Prove, permission="session.prove", route="POST /session/prove")
def prove(ctx: Context, message: Prove) -> None:
    _check(ctx, message.passphrase)
    ctx.port(MatrixAuthorizer).sessions.prove(ctx.actor, ctx.now)
    ctx.emit(IdentityProved(ctx.actor.id))


@command(SetPassphrase, permission="session.prove", route="PUT /session/passphrase")
def set_passphrase(ctx: Context, message: SetPassphrase) -> None:
    if len(message.passphrase) < MIN_CHARACTERS:
        raise Invalid(f"The passphrase is too short. Use at least {MIN_CHARACTERS} characters; a few words are best.")
    holder = ctx.port(KeyHolder)
    if holder.needs_passphrase:
        if not isinstance(holder, Rewraps):
            raise Conflict("What holds the keys here has a passphrase of its own. Change it there.")
        ctx.emit(PassphraseSet(ctx.actor.id))
        # Last, because a file takes no part in the transaction: where the keys cannot be wrapped, nothing is said; and
        # where nothing can be said, because the disk is full just now, they are wrapped as they were.
        ctx.undo(holder.change_passphrase(Secret(message.old), Secret(message.passphrase)))
        return
    if remembered(ctx.connection, PASSPHRASE):
        _check(ctx, message.old)
    from argon2 import PasswordHasher

    remember(ctx.connection, PASSPHRASE, PasswordHasher(3, 64 * 1024, 4).hash(message.passphrase))
    ctx.emit(PassphraseSet(ctx.actor.id))


def has_passphrase(ctx: ReadContext) -> bool:
    """Whether a passphrase was set that proves who is at the desk, where the keys themselves ask for none."""
    return bool(remembered(ctx.connection, PASSPHRASE))


def _check(ctx: Context, passphrase: str) -> None:
    """Raise unless it is the right passphrase. Takes the time that Argon2id takes."""
    holder = ctx.port(KeyHolder)
    if holder.needs_passphrase:
        holder.unlock(Secret(passphrase))
        return
    kept = remembered(ctx.connection, PASSPHRASE)
    if not kept:
        raise Forbidden(
            "No passphrase is set yet that could prove it is you. "
            "Set one under Vault or with 'legate vault passphrase', then do it again."
        )
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError

    try:
        PasswordHasher().verify(kept, passphrase)
    except VerificationError as error:
        raise Forbidden("The passphrase is wrong. Nothing was changed; try again.") from error
