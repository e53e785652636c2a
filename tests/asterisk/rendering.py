"""The configuration rendered for tests: nothing of a running centre is read or written."""

import tempfile
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from callcenter.asterisk.configuration import render_configuration
from callcenter.instance.secrets import ensure_secrets
from callcenter.layout import Layout, Ports
from callcenter.settings import QueueSettings, Settings, TelephonySettings, TrunkKind, TrunkSettings

BY_ADDRESS = TrunkSettings(
    kind=TrunkKind.ADDRESS, host="127.0.0.1", port=5999, addresses=(IPv4Network("127.0.0.2/32"),)
)

PROVIDERS_PASSWORD = """>a;b\\;c"d'[e],f"""
"""Every sign that means something to Asterisk's reader."""


def by_registration(password_file: Path) -> TrunkSettings:
    password_file.write_text(PROVIDERS_PASSWORD + "\n", encoding="utf-8")
    return TrunkSettings(
        kind=TrunkKind.REGISTRATION, host="127.0.0.1", port=5998, user="user_78125550192", password_file=password_file
    )


def variants(directory: Path) -> dict[str, Settings]:
    """Every setting that changes more than a number in the rendered files."""
    registration = by_registration(directory / "trunk-password")
    return {
        "no trunk": Settings(),
        "trunk by address": Settings(telephony=TelephonySettings(trunk=BY_ADDRESS)),
        "trunk by registration": Settings(telephony=TelephonySettings(trunk=registration)),
        "production": Settings(production=True, telephony=TelephonySettings(trunk=registration)),
        "production with nobody to call": Settings(production=True),
        "behind NAT": Settings(
            telephony=TelephonySettings(
                trunk=BY_ADDRESS,
                inband_dtmf=True,
                external_address=IPv4Address("203.0.113.5"),
                local_networks=(IPv4Network("10.0.0.0/8"), IPv4Network("192.168.0.0/16")),
            )
        ),
        "the most of everything": Settings(
            telephony=TelephonySettings(max_calls=500), queue=QueueSettings(dispatchers=80, longest_wait_seconds=7200)
        ),
    }


def render(settings: Settings) -> dict[str, str]:
    """The rendered files, with passwords of the moment."""
    ports = Ports(5060, 8088, 5038, 8080, 54320, 20000, 20000 + 4 * settings.telephony.max_calls - 1)
    with tempfile.TemporaryDirectory(prefix="cc-") as directory:
        layout = Layout(Path(directory))
        secrets = ensure_secrets(layout, dispatchers=settings.queue.dispatchers)
        return render_configuration(
            settings,
            layout,
            ports,
            secrets,
            data_directory=layout.asterisk / "data",
            module_directory=Path("/usr/lib/asterisk/modules"),
            system_name="b1",
        )
