"""ISO 639-3, which names Apertium's pairs, to ISO 639-1, which names languages everywhere else here."""

from __future__ import annotations

_TABLE = """
afr:af ara:ar arg:an bel:be bre:br bul:bg cat:ca ces:cs cos:co cym:cy dan:da deu:de ell:el eng:en epo:eo est:et
eus:eu fao:fo fin:fi fra:fr gla:gd gle:ga glg:gl hbs:sh heb:he hin:hi hrv:hr hun:hu hye:hy ind:id isl:is ita:it
kaz:kk kir:ky lat:la lav:lv lit:lt mar:mr mkd:mk mlt:mt nld:nl nno:nn nob:nb nor:no oci:oc pan:pa pol:pl por:pt
ron:ro rus:ru slk:sk slv:sl sme:se spa:es sqi:sq srd:sc srp:sr swe:sv tat:tt tgk:tg tha:th tuk:tk tur:tr uig:ug
ukr:uk urd:ur uzb:uz vie:vi zho:zh zlm:ms
"""
_SHORT = dict(pair.split(":") for pair in _TABLE.split())


def iso(code: str) -> str:
    """The ISO 639-1 code; where a language has none (Asturian: ast), the code it came with."""
    return _SHORT.get(code, code)
