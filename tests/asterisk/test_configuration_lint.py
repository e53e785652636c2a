"""The lint finds one planted fault a rule, names the rule and the line, and nothing else; what ships has none."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcenter.asterisk.configuration import find_problems
from callcenter.asterisk.configuration_lint import REQUIRED_FILES, lint_configuration
from callcenter.core.problems import Problem
from callcenter.intake.log_events import CALLERS_WAY, DOORS
from callcenter.settings import TREE, Settings, TelephonySettings
from tests.asterisk.rendering import BY_ADDRESS, render, variants

VARIANTS = (
    "no trunk", "trunk by address", "trunk by registration", "production", "behind NAT",
    "the most of everything",
)  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    return render(Settings(telephony=TelephonySettings(trunk=BY_ADDRESS)))


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_ships_has_no_problem_with_any_settings(tmp_path: Path, variant: str) -> None:
    settings = variants(tmp_path)[variant]
    assert lint_configuration(render(settings), production=settings.production) == []


def test_each_context_is_a_callers_or_is_known_to_be_none(shipped: dict[str, str]) -> None:
    """Who is on the callers' way gets a record, whatever else was or was not written of him."""
    contexts = set(re.findall(r"^\[([\w-]+)\]", shipped[DIALPLAN], re.MULTILINE)) - {"general"}
    keys = {context for context in contexts if context.startswith("queue-keys")}  # looked up in, never gone to
    assert contexts - keys - {"internal", "studio"} == {*DOORS, *CALLERS_WAY}


def test_a_centre_that_nobody_can_call_is_told_so_and_starts(tmp_path: Path) -> None:
    (problem,) = lint_configuration(render(variants(tmp_path)["production with nobody to call"]), production=True)
    assert (problem.code, problem.fatal) == ("AST119", False)


@dataclass(frozen=True, slots=True)
class Broken:
    """In `file` the first `before` becomes `after`; the fault is where the first `at` ends, by default in `after`'s
    first line. `before` and `at` are regular expressions."""

    code: str
    file: str
    before: str
    after: str
    at: str = ""

    def plant(self, files: dict[str, str]) -> tuple[dict[str, str], int]:
        """The files with the fault, and its line."""
        assert re.search(self.before, files[self.file])
        text = re.sub(self.before, self.after, files[self.file], count=1)
        found = re.search(self.at or re.escape(self.after.strip().splitlines()[0]), text)
        assert found is not None
        return {**files, self.file: text}, text[: found.end()].count("\n") + 1


DIALPLAN, SIP, AMI = "extensions.conf", "pjsip.conf", "manager.conf"
LAST = r"\Z"
ANYBODY = """[anonymous](phone)
context=internal
auth=spare
[spare](phone-auth)
username=anybody
password=long-and-secret-2026
"""

BROKEN = (
    Broken("AST001", DIALPLAN, r"\[general\]", "#exec /usr/bin/id\n[general]", "#exec"),
    Broken("AST001", SIP, LAST, "#include more.conf\n"),
    Broken("AST002", "rtp.conf", "strictrtp=yes", "strictrtp yes"),
    # the dialplan: who may dial
    Broken("AST101", DIALPLAN, r"Playback\(callcenter/thanks\)", "Dial(PJSIP/112@trunk)"),
    Broken("AST101", DIALPLAN, r"Playback\(callcenter/thanks\)", "System(id)"),
    Broken("AST101", DIALPLAN, r"Playback\(callcenter/thanks\)", "Originate(PJSIP/112@trunk,app,Playback)"),
    Broken("AST101", DIALPLAN, r"Playback\(callcenter/thanks\)", "Set(CC_X=Local/1@internal)"),
    Broken("AST101", DIALPLAN, r"\.raw,D\)", ".raw,D,/bin/id)"),
    Broken("AST102", DIALPLAN, r"Playback\(callcenter/thanks\)", "Log(NOTICE,thanks)"),
    Broken("AST103", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(internal,112,1)"),
    Broken("AST103", DIALPLAN, r"eswitch => ", "include => internal\neswitch => ", "include"),
    Broken("AST104", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(${CC_KEY},s,1)"),
    Broken("AST104", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(${CC_KEY})"),
    Broken("AST105", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(goodbye,tanks,1)"),
    Broken("AST105", DIALPLAN, r"\?known\)", "?unknown)"),
    Broken("AST105", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(good-bye,thanks,1)"),
    Broken("AST106", DIALPLAN, r"(overflow\))\n same => n,Hangup\(\)", r"\1", r"Playback\(callcenter/overflow\)"),
    Broken("AST107", DIALPLAN, r"\$\{FILTER\(0-9a-zA-Z\+,\$\{EXTEN\}\)\}", "${EXTEN}"),
    Broken("AST107", DIALPLAN, r"FILTER\(0-9a-zA-Z\+,\$\{EXTEN", "FILTER(0-9$|,${EXTEN"),
    Broken("AST107", DIALPLAN, r"SayDigits\(\$\{FILTER\(0-9,\$\{CC_PHONE\}\)\}\)", "SayDigits(${CALLERID(name)})"),
    Broken("AST108", DIALPLAN, r"Playback\(callcenter/thanks\)", "Set(CC_X=${SHELL(id)})"),
    # the dialplan: how a call is kept
    Broken("AST109", DIALPLAN, r"(\[to-queue\]\n.*\n.*\n) same => n,Set\(TIMEOUT\(absolute\)=0\)\n", r"\1",
           r"Queue\("),
    Broken("AST110", DIALPLAN, r" same => n,Set\(TIMEOUT\(absolute\)=6\)\n", "", r"Stasis\("),
    Broken("AST110", DIALPLAN, r"Set\(CC_FALLBACK=lease\)\n same => n,Goto\(fallback,s,1\)",
           "Goto(goodbye,s,1)", r"\[inbound\](?:.*\n)*?exten => T,1"),
    Broken("AST118", DIALPLAN, r" same => n,Set\(CC_LEASE=6\)\n", "", r"Stasis\("),
    Broken("AST118", DIALPLAN, r"(\[to-queue\]\n.*\nexten => s,1,)Set\(CC_LEASE=0\)", r"\1NoOp()",
           r"\[to-queue\](?:.*\n)*?.*TIMEOUT"),
    Broken("AST111", DIALPLAN, r"( same => n,MixMonitor.*\n)((?:.*\n)*?)( same => n,Answer\(,i\)\n)", r"\3\1\2",
           r"MixMonitor\("),
    Broken("AST111", DIALPLAN, r" same => n,MixMonitor.*\n", "", r"Stasis\("),
    Broken("AST112", DIALPLAN, r"Dial\(PJSIP/[^,@]*,", "Dial(PJSIP/d-000000,"),
    Broken("AST112", DIALPLAN, r"_10\[1-4\],1", "_X.,1"),
    Broken("AST112", DIALPLAN, r"Dial\(PJSIP/112@trunk,", "Dial(Local/112@trunk,"),
    Broken("AST113", DIALPLAN, r"Queue\(dispatch,Ci", "Queue(dispatch,Cit"),
    Broken("AST113", DIALPLAN, r"Queue\(dispatch,Ci", "Queue(dispatch,C"),
    Broken("AST113", DIALPLAN, r"(Queue\(dispatch,Ci,,,\d+)", r"\1,id.agi", r"id\.agi"),
    Broken("AST113", DIALPLAN, r"30,i\)", "30,iT)"),
    Broken("AST114", DIALPLAN, LAST, "\n[lost]\nexten => s,1,Hangup()\n", r"\[lost\]"),
    Broken("AST115", DIALPLAN, r"eswitch => ", "switch => Realtime/numbers@all\neswitch => ", "Realtime"),
    Broken("AST116", DIALPLAN, r"\.raw,D\)", ".wav,b)"),
    Broken("AST103", DIALPLAN, r"Goto\(goodbye,thanks,1\)", "Goto(studio,s,1)"),
    Broken("AST102", DIALPLAN, r"Record\(\$\{CC_TAKE\}\.wav,0,60,q\)", "Dial(PJSIP/112@trunk,61,i)"),
    Broken("AST102", DIALPLAN, r"Playback\(callcenter/thanks\)", "Record(/tmp/x.wav)"),
    Broken("AST120", DIALPLAN, r"Record\(\$\{CC_TAKE\}\.wav", "Record(${CC_TEXT}.wav"),
    Broken("AST120", DIALPLAN, r"(CC_TAKE=.*)\$\{CC_TEXT\}", r"\1${CC_PIN}", r"CC_TAKE=.*CC_PIN"),
    Broken("AST117", DIALPLAN, r"(\[to-queue\](?:.*\n)*?)exten => T,1,Goto\(s,1\)\n", r"\1",
           r"\[to-queue\](?:.*\n)*?.*TIMEOUT"),
    # SIP: who may call in
    Broken("AST201", SIP, "context=internal", "context=default"),
    Broken("AST202", SIP, LAST, ANYBODY, r"\[anonymous\]"),
    Broken("AST203", SIP, "username,ip", "username,ip,anonymous"),
    Broken("AST203", SIP, r"match=127\.0\.0\.2/32", "match_header=X-Trunk: main"),
    Broken("AST203", SIP, r"match=127\.0\.0\.2/32", "match=0.0.0.0/0"),
    Broken("AST203", SIP, "identify_by=ip", "identify_by=username,ip"),
    Broken("AST204", SIP, r"\nauth=d-.*", "", r"\]\(phone\)"),
    Broken("AST205", SIP, "allow_transfer=no", "allow_transfer=yes"),
    Broken("AST205", SIP, "allow_subscribe=no", "allow_subscribe=yes"),
    Broken("AST206", SIP, "max_contacts=1", "max_contacts=2"),
    Broken("AST206", SIP, "remove_existing=yes", "remove_existing=no"),
    Broken("AST206", SIP, LAST, "[spare](phone-aor)\n"),
    Broken("AST207", SIP, r"password=.*", "password=1234"),
    Broken("AST207", SIP, r"password=.*", "password=123456789012"),
    Broken("AST208", SIP, r"\[(d-\w+)\]\(phone\)\ncontext=internal\ncallerid=.*", 
           r"[\1](phone)\ncontext=internal\ncallerid=A <\1>", r"\]\(phone\)"),
    Broken("AST210", SIP, "trust_id_inbound=no", "trust_id_inbound=yes",
           r"\[phone\](?:.*\n)*?trust_id_inbound=yes"),
    Broken("AST211", SIP, "direct_media=no", "direct_media=yes"),
    Broken("AST212", SIP, r"rtp_timeout=\d+", "rtp_timeout=0"),
    Broken("AST214", SIP, "send_connected_line=no", "set_var=JITTERBUFFER(fixed)=100,500\nsend_connected_line=no"),
    Broken("AST212", SIP, r"rtp_timeout=\d+", "rtp_timeout=300"),
    Broken("AST213", SIP, LAST, "[shop]\ntype=phoneprov\n", "type=phoneprov"),
    # who commands Asterisk, and what it writes down
    Broken("AST301", "http.conf", r"bindaddr=127\.0\.0\.1", "bindaddr=0.0.0.0"),
    Broken("AST301", "http.conf", "enabled=yes", "enabled=yes\ntlsbindaddr=0.0.0.0:8089", "tlsbindaddr"),
    Broken("AST301", "http.conf", "enable_status=no", "enable_status=yes"),
    Broken("AST302", AMI, r"bindaddr=127\.0\.0\.1", "bindaddr=0.0.0.0"),
    Broken("AST302", AMI, "webenabled=no", "webenabled=yes"),
    Broken("AST302", AMI, r"permit=127\.0\.0\.1/255\.255\.255\.255", "permit=0.0.0.0/0.0.0.0"),
    Broken("AST303", AMI, "write=agent", "write=agent,originate"),
    Broken("AST303", AMI, "read=agent", "read=agent,command"),
    Broken("AST304", "ari.conf", "pretty=no", "pretty=no\nallowed_origins=*", "allowed_origins"),
    Broken("AST304", "ari.conf", "type=user", "type=outbound_websocket"),
    Broken("AST207", "ari.conf", "password=.*", "password=callcenter2026"),
    Broken("AST207", AMI, "secret=.*", "secret=asterisk"),
    Broken("AST305", "asterisk.conf", "live_dangerously = no", "live_dangerously = yes"),
    Broken("AST305", "asterisk.conf", "transmit_silence = yes", "transmit_silence = no"),
    Broken("AST306", "features.conf", r"\[featuremap\]", "[featuremap]\nblindxfer => #", "blindxfer"),
    Broken("AST307", "cel.conf", ",USER_DEFINED", "", "events="),
    Broken("AST307", "logger.conf", "queue_log_to_file=yes", "queue_log_to_file=no", "queue_log=yes"),
    # modules
    Broken("AST401", "modules.conf", "autoload=no", "autoload=yes"),
    Broken("AST402", "modules.conf", LAST, "load = app_system.so\n"),
    Broken("AST403", "modules.conf", "load = app_queue.so\n", "", r"\[modules\]"),
    Broken("AST403", "modules.conf", "load = func_timeout.so\n", "", r"\[modules\]"),
    Broken("AST403", "modules.conf", "load = pbx_loopback.so\n", "", r"\[modules\]"),
    # sound and the queue
    Broken("AST501", "rtp.conf", r"rtpend=\d+", "rtpend=20050"),
    Broken("AST501", "rtp.conf", r"rtpstart=\d+", "rtpstart=80"),
    Broken("AST502", "rtp.conf", "strictrtp=yes", "strictrtp=no"),
    Broken("AST503", "queues.conf", r"member => PJSIP/d-\w+", "member => Local/1@internal"),
    Broken("AST503", "queues.conf", r"(member => .*\n)", r"\1\1", r"member => .*\nmember"),
    Broken("AST503", "queues.conf", LAST, "[other]\ncontext=queue-key\n", r"context=queue-key\b(?!s)"),
    Broken("AST504", "musiconhold.conf", "mode=files", "mode=custom\napplication=/usr/bin/mpg123"),
)  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.code} {broken.after[:40]!r}")
def test_a_planted_fault_is_named_with_its_rule_and_line(shipped: dict[str, str], broken: Broken) -> None:
    files, line = broken.plant(shipped)
    found = lint_configuration(files)
    assert {(problem.code, str(problem.position)) for problem in found} == {(broken.code, f"{broken.file}:{line}")}
    for problem in found:
        assert re.search("[а-яё]{3}", problem.message)
        assert len(problem.message) < 200
        assert "\n" not in problem.message


TRAP = "\n[trap]\nexten => s,1,Dial(PJSIP/112@trunk)\n same => n,Hangup()\nexten => 5,1,Hangup()\n"

WAYS_IN = {
    "Goto": "Goto(trap,s,1)",
    "GotoIf": "GotoIf($[${CC_X} > 1]?trap,s,1)",
    "GotoIf else": "GotoIf($[${CC_X} > 1]?s,1:trap,s,1)",
    "GotoIfTime": "GotoIfTime(9:00-18:00,mon-fri,*,*?trap,s,1)",
    "Gosub": "Gosub(trap,s,1)",
    "GosubIf": "GosubIf($[${CC_X} > 1]?trap,s,1(a,b))",
    "half a name": "Goto(tr${CC_X},s,1)",
    "through another context": "Goto(by-the-way,s,1)",
    "keys after a prompt": "Background(callcenter/thanks,,,trap)",
    "a dispatcher's side of the queue": "Queue(dispatch,Ci,,,600,,trap)",
}


@pytest.mark.parametrize("way", WAYS_IN)
def test_a_dialling_context_is_found_whatever_way_a_caller_gets_there(shipped: dict[str, str], way: str) -> None:
    dialplan = shipped[DIALPLAN].replace("Playback(callcenter/thanks)", WAYS_IN[way]) + TRAP
    if way == "through another context":
        dialplan += "\n[by-the-way]\nexten => s,1,NoOp()\n same => n,Goto(trap,s,1)\n"
    assert_traps({**shipped, DIALPLAN: dialplan})


@pytest.mark.parametrize("link", ["include => trap", "include => trap,9:00-18:00,mon-fri,*,*",
                                  "eswitch => Loopback/s@trap", "switch => Loopback/s@trap/n"])  # fmt: skip
def test_a_dialling_context_is_found_behind_a_link(shipped: dict[str, str], link: str) -> None:
    dialplan = shipped[DIALPLAN].replace("[callback]\n", f"[callback]\n{link}\n") + TRAP
    assert_traps({**shipped, DIALPLAN: dialplan})


def test_a_dialling_context_is_found_behind_the_keys_of_a_queue(shipped: dict[str, str]) -> None:
    queues = shipped["queues.conf"].replace("context=queue-keys", "context=trap")
    assert_traps({**shipped, DIALPLAN: shipped[DIALPLAN] + TRAP, "queues.conf": queues})


def test_a_dialling_context_is_found_behind_an_unknown_door(shipped: dict[str, str]) -> None:
    sip = shipped[SIP].replace("context=from-resident", "context=trap")
    assert_traps({**shipped, DIALPLAN: shipped[DIALPLAN] + TRAP, SIP: sip})


def assert_traps(files: dict[str, str]) -> None:
    line = next(at for at, text in enumerate(files[DIALPLAN].splitlines(), 1) if "Dial(PJSIP/112@trunk)" in text)
    found = [problem for problem in lint_configuration(files) if problem.position.line == line]
    assert "AST101" in {problem.code for problem in found}


def test_the_resident_is_refused_in_production(shipped: dict[str, str]) -> None:
    (problem,) = lint_configuration(shipped, production=True)
    assert problem.code == "AST209"
    assert "](phone)" in line_of(shipped, problem)


@pytest.mark.parametrize("address", ["::1", "127.0.0.1:8088", "[::1]:8088", "[::1]"])
def test_the_web_server_may_listen_to_this_machine_only_in_ipv6_too(shipped: dict[str, str], address: str) -> None:
    http = shipped["http.conf"].replace("bindaddr=127.0.0.1", f"bindaddr={address}\ntlsbindaddr={address}")
    assert lint_configuration({**shipped, "http.conf": http}) == []


@pytest.mark.parametrize("address", ["::", "::1:2", "[::]:8088", "127.0.0.1.example.org", "192.168.0.1"])
def test_the_web_server_listens_to_nobody_else(shipped: dict[str, str], address: str) -> None:
    http = shipped["http.conf"].replace("bindaddr=127.0.0.1", f"bindaddr={address}")
    (problem,) = lint_configuration({**shipped, "http.conf": http})
    assert (problem.code, line_of(shipped, problem)) == ("AST301", "bindaddr=127.0.0.1")


def test_a_device_named_like_its_extension_is_refused(shipped: dict[str, str]) -> None:
    name = re.findall(r"Dial\(PJSIP/(d-\w+)", shipped[DIALPLAN])[0]
    files = {file: text.replace(name, "201") for file, text in shipped.items()}
    # Its own password may hold 201 by chance, which is another finding.
    files[SIP] = re.sub(r"(username=201\npassword=).*", r"\1rovi-pate-losu-mika-7364", files[SIP])
    (problem,) = lint_configuration(files)
    assert (problem.code, line_of(files, problem)) == ("AST208", "[201](phone)")


def test_a_password_that_repeats_the_name_is_refused(shipped: dict[str, str]) -> None:
    sip = re.sub(r"username=(d-\w+)\npassword=.*", r"username=\1\npassword=\1-2026-secret", shipped[SIP], count=1)
    (problem,) = lint_configuration({**shipped, SIP: sip})
    assert problem.code == "AST207"
    assert "повторяет имя" in problem.message


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_file_that_is_not_there_is_named(shipped: dict[str, str], name: str) -> None:
    found = lint_configuration({file: text for file, text in shipped.items() if file != name})
    assert [(problem.code, str(problem.position)) for problem in found] == [("AST003", name)]


def test_every_rule_has_a_broken_file() -> None:
    rooms = [TREE / "callcenter/asterisk/configuration_lint.py", *(TREE / "callcenter/asterisk/lint").glob("*.py")]
    rules = {code for room in rooms for code in re.findall(r'"(AST\d+)"', room.read_text(encoding="utf-8"))}
    assert rules == {broken.code for broken in BROKEN} | {"AST003", "AST119", "AST209"}


@pytest.mark.parametrize(
    ("file", "rendered", "source"),
    [
        ("rtp.conf", "strictrtp=yes", "strictrtp=yes"),
        ("queues.conf", "context=queue-keys", "context=queue-keys"),
        (SIP, "type=identify\nendpoint=trunk\nmatch=127.0.0.2/32", "match={{ address }}"),
        (DIALPLAN, "Queue(dispatch,Ci", " same => n,Queue(dispatch,Ci,,,{{ settings.queue.longest_wait_seconds }})"),
    ],
)
def test_a_problem_is_shown_at_the_line_of_its_template(
    shipped: dict[str, str], file: str, rendered: str, source: str
) -> None:
    broken = rendered.replace("=yes", "=no").replace("queue-keys", "nowhere").replace(",Ci", ",Cit")
    broken = broken.replace("127.0.0.2/32", "0.0.0.0/0")
    assert rendered in shipped[file]
    found = find_problems({**shipped, file: shipped[file].replace(rendered, broken)}, production=False)
    (place,) = {problem.position for problem in found if problem.code != "AST114"}
    assert place.file == TREE / "asterisk_conf" / f"{file}.j2"
    assert place.file.read_text(encoding="utf-8").splitlines()[place.line - 1] == source


def line_of(files: dict[str, str], problem: Problem) -> str:
    return files[problem.position.file.name].splitlines()[problem.position.line - 1]
