"""The languages of Amazon Translate."""

from __future__ import annotations

#: ISO 639-1 codes that Translate uses as they are. `es` is European Spanish, `fr` that of France, `pt` Brazilian
#: Portuguese, `zh` Chinese in simplified characters, and `tl` Filipino.
_SHARED = (
    "af am ar az bg bn bs ca cs cy da de el en es et fa fi fr ga gu ha he hi hr ht hu hy id is it ja ka kk kn ko lt lv "
    "mk ml mn mr ms mt nl no pa pl ps pt ro ru si sk sl so sq sr sv sw ta te th tl tr uk ur uz vi zh"
)
#: Those that it knows by another code.
_RENAMED = {"nb": "no"}

#: Translate's code for each language.
CODES = {code: code for code in _SHARED.split()} | _RENAMED
