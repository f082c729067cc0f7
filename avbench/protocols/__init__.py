"""Protocols: from clips and noises to plans, from plans to trials. To add one: its file, and a line in `PROTOCOLS`."""

from ..errors import UnknownName
from .additive_noise import AdditiveNoise
from .axes import AXES, Axis
from .conversation import ConversationFaces
from .each_noise import EachNoise
from .export import render_plan
from .guided import Guided
from .paired import Paired
from .people import person_of
from .policies import POLICIES, Policy, get_policy
from .protocol import NoiseUse, Plan, Protocol, Row, Use
from .recorded import Recorded
from .records import read_record, record_path, write_records
from .rules import RULES, Rule, draw_plan, is_committed, load_plan
from .selection import Clean
from .things import SEEN, hash_thing
from .verify import Report, hash_plan, verify_plan
from .visual import Visual

__all__ = [
    "AXES",
    "POLICIES",
    "PROTOCOLS",
    "RULES",
    "SEEN",
    "Axis",
    "NoiseUse",
    "Plan",
    "Policy",
    "Protocol",
    "Report",
    "Row",
    "Rule",
    "Use",
    "draw_plan",
    "get_policy",
    "get_protocol",
    "hash_plan",
    "hash_thing",
    "is_committed",
    "load_plan",
    "person_of",
    "read_record",
    "record_path",
    "render_plan",
    "verify_plan",
    "write_records",
]

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        AdditiveNoise(),
        EachNoise(),
        Visual(),
        ConversationFaces(),
        Clean(),
        Recorded(),
        Paired(),
        Guided(),
    )
}


def get_protocol(name: str) -> Protocol:
    """The protocol of that name.

    Args:
        name: `"additive-noise"` (the newest version) or `"additive-noise@1"`.

    Raises:
        UnknownName: no such protocol, or not in that version.
    """
    for protocol in PROTOCOLS.values():
        if name in (protocol.name, protocol.id):
            return protocol
    raise UnknownName("protocol", name, PROTOCOLS)
