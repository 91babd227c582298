"""Print what pydicom reads: the text of files, or of bytes in a character set.

text.py FILE...   one JSON object a file: {"file":, "text": [[path, tag, [values]]]}
text.py -         reads {"terms": [], "vr":, "hex":} a line, prints the text of each
"""
import json
import sys
import warnings

import pydicom
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS, PersonName

warnings.simplefilter("ignore")
# UN is UN, also where the dictionary knows better.
pydicom.config.replace_un_with_known_vr = False
TEXT = ("SH", "LO", "ST", "LT", "PN", "UC", "UT")


def walk(ds, path, out):
    for e in ds:
        if e.VR == "SQ":
            for i, item in enumerate(e.value):
                walk(item, path + "(%04X,%04X)[%d]." % (e.tag.group, e.tag.elem, i), out)
        elif e.VR in TEXT:
            values = e.value if e.VM > 1 else [e.value]
            out.append([path, "(%04X,%04X)" % (e.tag.group, e.tag.elem), [str(v) for v in values]])


def of_bytes(request):
    encodings = convert_encodings(list(request["terms"]))
    value = bytes.fromhex(request["hex"])
    if request["vr"] == "PN":
        return str(PersonName(value).decode(encodings))
    return decode_bytes(value, encodings, PN_DELIMS if request["vr"] == "PN" else TEXT_VR_DELIMS)


if sys.argv[1:] == ["-"]:
    for line in sys.stdin:
        print(json.dumps(of_bytes(json.loads(line))))
else:
    for name in sys.argv[1:]:
        ds = pydicom.dcmread(name, force=True)
        ds.decode()
        out = []
        walk(ds, "", out)
        print(json.dumps({"file": name, "text": out}))
