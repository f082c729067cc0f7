"""Protocols: from clips and noises to plans, from plans to trials. To add one: its file, and a line in `PROTOCOLS`."""

from ..errors import UnknownName
from .additive_noise import AdditiveNoise
from .export import render_plan
from .protocol import NoiseUse, Plan, Protocol, Row
from .rules import RULES, Rule, draw_plan, load_plan
from .verify import Report, hash_plan, read_record, record_path, verify_plan, write_records

__all__ = [
    "PROTOCOLS",
    "RULES",
    "NoiseUse",
    "Plan",
    "Protocol",
    "Report",
    "Row",
    "Rule",
    "draw_plan",
    "get_protocol",
    "hash_plan",
    "load_plan",
    "read_record",
    "record_path",
    "render_plan",
    "verify_plan",
    "write_records",
]

PROTOCOLS: dict[str, Protocol] = {protocol.name: protocol for protocol in (AdditiveNoise(),)}


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
