"""Lint rules for modules.conf: every module that the configuration needs is loaded, and no dangerous module is."""

import re
from collections.abc import Iterator

from callcenter.asterisk.lint.configuration_parser import Configuration
from callcenter.asterisk.lint.dialplan import Dialplan
from callcenter.core.problems import Problem

FILE = "modules.conf"

_APPS = {
    "celgenuserevent": "app_celgenuserevent", "dial": "app_dial", "gosub": "app_stack", "mixmonitor": "app_mixmonitor",
    "playback": "app_playback", "queue": "app_queue", "read": "app_read", "record": "app_record",
    "stasis": "app_stasis",
}  # fmt: skip
"""Module of each dialplan application."""
_FUNCTIONS = {
    "CALLERID": "func_callerid", "CHANNEL": "func_channel", "FILTER": "func_strings", "LEN": "func_strings",
    "GROUP": "func_groupcount", "GROUP_COUNT": "func_groupcount", "IF": "func_logic", "TIMEOUT": "func_timeout",
}  # fmt: skip
"""Module of each dialplan function."""
_ALWAYS = (
    "pbx_config", "chan_pjsip", "res_pjsip", "res_pjsip_session", "res_pjsip_sdp_rtp", "res_rtp_asterisk",
    "res_pjsip_authenticator_digest", "res_pjsip_registrar", "res_pjsip_endpoint_identifier_user",
    "res_pjsip_endpoint_identifier_ip", "res_pjsip_nat", "res_pjsip_caller_id", "res_pjsip_dtmf_info",
    "res_sorcery_config", "res_timing_timerfd", "bridge_simple", "codec_alaw", "codec_ulaw", "codec_g722",
    "format_wav", "format_pcm", "res_musiconhold", "cel_custom", "res_cdrel_custom", "res_http_websocket",
    "res_ari", "res_ari_channels", "res_ari_playbacks", "res_ari_events", "res_ari_applications", "res_stasis",
    "res_stasis_answer", "res_stasis_playback", "func_logic", "func_strings", "func_timeout",
)  # fmt: skip
"""Modules that every instance needs."""
_NEVER = re.compile(
    r"app_(system|exec|originate|page|chanspy|disa|externalivr|followme|transfer|directory|voicemail\w*|jack|sms|mp3|"
    r"festival|channelredirect|bridgewait)|func_(shell|curl|env|db|odbc|config)|pbx_(spool|lua|ael|dundi|realtime)|"
    r"res_(agi|parking|clialiases|phoneprov|pjsip_endpoint_identifier_anonymous|pjsip_refer|pjsip_messaging|"
    r"pjsip_phoneprov_provider)|chan_(iax2|sip|dahdi|console|unistim|skinny|mgcp)"
)
"""Modules that run commands, place calls or admit strangers."""


def check_modules(configuration: Configuration, dialplan: Dialplan) -> Iterator[Problem]:
    """Yields the problems of modules.conf (AST401-AST403)."""
    modules = configuration.one(FILE, "modules")
    loaded = {entry.value.removesuffix(".so"): entry.line for entry in modules.entries if entry.key != "autoload"}
    if modules.value("autoload", "yes") != "no":
        message = "autoload: загрузится всё, что есть в пакете; напишите autoload=no"
        yield modules.problem("AST401", message, key="autoload")
    for name, line in loaded.items():
        if _NEVER.fullmatch(name):
            message = f"{name}: выполняет команды, звонит или впускает чужих; уберите"
            yield modules.problem("AST402", message, line=line)
    for name, reason in _needed(configuration, dialplan).items():
        if name not in loaded:
            yield modules.problem("AST403", f"нет {name}.so, а его ждёт {reason}; добавьте load = {name}.so")


def _needed(configuration: Configuration, dialplan: Dialplan) -> dict[str, str]:
    needed = dict.fromkeys(_ALWAYS, "центр")
    for context in dialplan.contexts.values():
        for kind, _, line in context.links:
            if kind != "include":
                needed["pbx_loopback"] = f"extensions.conf:{line}"
        for extension in context.extensions:
            for step in extension.steps:
                names = [_APPS.get(step.app, ""), *(_FUNCTIONS.get(name, "") for name in _functions(step.arguments))]
                needed.update({name: f"extensions.conf:{step.line}" for name in names if name})
    for registration in configuration.typed("registration"):
        needed["res_pjsip_outbound_registration"] = f"pjsip.conf:{registration.line}"
        needed["res_pjsip_outbound_authenticator_digest"] = f"pjsip.conf:{registration.line}"
    for endpoint in configuration.typed("endpoint"):
        for entry in endpoint.all("set_var"):
            names = [_FUNCTIONS.get(name, "") for name in _functions(entry.value)]
            needed.update({name: f"pjsip.conf:{entry.line}" for name in names if name})
        if any("opus" in entry.value for entry in endpoint.all("allow")):
            needed["codec_opus_open_source"] = f"pjsip.conf:{endpoint.line}"
    return needed


def _functions(text: str) -> list[str]:
    return re.findall(r"\b([A-Z_]+)\(", text)
