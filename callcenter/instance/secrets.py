"""The instance's own passwords and account names, generated on the first run and stored in `HOME/secrets.toml` (0600).

None of them is in the repository. SIP user names are random, so that a scanner cannot derive them from extensions.
"""

import json
import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from callcenter.core.errors import CallcenterError
from callcenter.layout import Layout, Ports
from callcenter.staff.models import Role

FIRST_EXTENSION = 201
"""Not 101: a dispatcher who dials 101-104 or 112 wants an emergency service, not a colleague."""
RESIDENT_EXTENSION = "900"
STUDIO_EXTENSION = "300"
"""Extension for recording the centre's texts by telephone; above the last dispatcher's (201-280)."""
_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"


class BrokenSecrets(CallcenterError):
    """The instance's secrets cannot be read."""


@dataclass(frozen=True, slots=True)
class Device:
    """A softphone account: `name` is the SIP user and the Asterisk endpoint, `extension` what colleagues dial."""

    name: str
    extension: str
    password: str

    @property
    def interface(self) -> str:
        """The queue member of this device."""
        return f"PJSIP/{self.name}"


@dataclass(frozen=True, slots=True)
class WebAccount:
    """An account of the desk; `interface` is the queue member of the person's phone, for dispatchers only."""

    login: str
    name: str
    role: Role
    password: str
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Secrets:
    """`devices` are the dispatchers' phones in order of extension; the ARI and AMI user is `callcenter`."""

    ari_password: str
    ami_password: str
    devices: tuple[Device, ...]
    resident: Device
    web_accounts: tuple[WebAccount, ...]
    studio_code: str
    """Digits that STUDIO_EXTENSION asks for."""


def ensure_secrets(layout: Layout, *, dispatchers: int) -> Secrets:
    """Returns the secrets of the instance with `dispatchers` devices; generates missing ones, changes no existing one.

    With fewer dispatchers than before, the surplus devices stay in the file but are not returned; a later larger number
    brings the same devices back. Raises BrokenSecrets when the file is unreadable or invalid.
    """
    kept = _read(layout.secrets_file) if layout.secrets_file.exists() else None
    grown = _grow(kept, dispatchers)
    if grown != kept:
        _write_private(layout.secrets_file, _as_toml(grown))
    return Secrets(
        ari_password=grown.ari_password,
        ami_password=grown.ami_password,
        devices=grown.devices[:dispatchers],
        resident=grown.resident,
        web_accounts=tuple(
            account
            for account in grown.web_accounts
            if account.interface is None
            or account.interface in {device.interface for device in grown.devices[:dispatchers]}
        ),
        studio_code=grown.studio_code,
    )


def write_accounts(
    layout: Layout, ports: Ports, made: Secrets, *, sip_address: str, desk_address: str, resident: bool
) -> None:
    """Writes `layout.accounts_file`: all accounts and passwords for people, in Russian, mode 0600."""
    lines = [
        "Учётные записи центра. Никому не пересылайте этот файл целиком.",
        "",
        f"Программный телефон: сервер (домен) {sip_address}:{ports.sip}, протокол UDP.",
        "",
        "Диспетчеры",
    ]
    lines += [
        f"  внутренний {device.extension}   имя {device.name}   пароль {device.password}" for device in made.devices
    ]
    if resident:
        lines += [
            "",
            "Тестовый житель (звонит на любой номер и попадает в центр)",
            f"  имя {made.resident.name}   пароль {made.resident.password}",
        ]
    lines += [
        "",
        f"Студия: внутренний {STUDIO_EXTENSION} с телефона диспетчера, код {made.studio_code}. Там фразы центра",
        "записывают человеческим голосом; номера фраз печатает callcenter voice texts.",
    ]
    lines += ["", f"Рабочее место: http://{desk_address}:{ports.desk}/"]
    lines += [f"  {account.name}: имя {account.login}   пароль {account.password}" for account in made.web_accounts]
    _write_private(layout.accounts_file, "\n".join(lines) + "\n")


def _grow(kept: Secrets | None, dispatchers: int) -> Secrets:
    devices = list(kept.devices if kept else ())
    accounts = list(
        kept.web_accounts
        if kept
        else (
            WebAccount("admin", "Администратор", Role.ADMINISTRATOR, _password(4)),
            WebAccount("director", "Директор центра", Role.DIRECTOR, _password(4)),
        )
    )
    while len(devices) < dispatchers:
        extension = str(FIRST_EXTENSION + len(devices))
        device = Device(_device_name(devices), extension, _password(6))
        devices.append(device)
        accounts.append(
            WebAccount(
                f"d{extension}",
                f"Диспетчер {len(devices)} (внутренний {extension})",
                Role.DISPATCHER,
                _password(4),
                device.interface,
            )
        )
    return Secrets(
        ari_password=kept.ari_password if kept else secrets.token_hex(24),
        ami_password=kept.ami_password if kept else secrets.token_hex(24),
        devices=tuple(devices),
        resident=kept.resident if kept else Device(_device_name(devices), RESIDENT_EXTENSION, _password(6)),
        web_accounts=tuple(accounts),
        studio_code=(kept.studio_code if kept else "") or _digits(6),
    )


def _device_name(taken: list[Device]) -> str:
    while True:
        name = "d-" + "".join(secrets.choice("abcdef") for _ in range(9))  # no digits, so no extension
        if all(device.name != name for device in taken):
            return name


def _password(groups: int) -> str:
    """A pronounceable password, `rovi-pate-…-1234`: 12 bits for each group of four letters, and a four-digit number."""
    words = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(2)) for _ in range(groups)]
    return "-".join([*words, f"{secrets.randbelow(9000) + 1000}"])


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _read(file: Path) -> Secrets:
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        return Secrets(
            ari_password=found["ari_password"],
            ami_password=found["ami_password"],
            devices=tuple(Device(**row) for row in found["devices"]),
            resident=Device(**found["resident"]),
            web_accounts=tuple(WebAccount(**{**row, "role": Role(row["role"])}) for row in found["web_accounts"]),
            studio_code=found.get("studio_code", ""),  # an older file has none: _grow generates it
        )
    except PermissionError as error:
        raise BrokenSecrets(
            f"{file}: only its owner may read it; run this as the user who set the centre up"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenSecrets(
            f"{file}: {error}; mend the file, or move it away and new passwords are made at the next run"
        ) from error


def _as_toml(made: Secrets) -> str:
    def row(pairs: dict[str, str | None]) -> str:  # a JSON string is a TOML string too
        return "".join(f"{key} = {json.dumps(text, ensure_ascii=False)}\n" for key, text in pairs.items() if text)

    def device(one: Device) -> dict[str, str | None]:
        return {"name": one.name, "extension": one.extension, "password": one.password}

    parts = [
        row({"ari_password": made.ari_password, "ami_password": made.ami_password, "studio_code": made.studio_code})
    ]
    parts.append("[resident]\n" + row(device(made.resident)))
    parts += ["[[devices]]\n" + row(device(one)) for one in made.devices]
    parts += [
        "[[web_accounts]]\n"
        + row({"login": one.login, "name": one.name, "role": one.role.value, "password": one.password,
               "interface": one.interface})
        for one in made.web_accounts
    ]  # fmt: skip
    return "\n".join(parts)


def _write_private(file: Path, text: str) -> None:
    """Replaces the file atomically; other users cannot read it at any moment."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
