"""Prints what pydicom reads from files, as one JSON object a line.

Each element is [path, tag, VR, length, SHA-256 of the value in little endian];
VR is null where it does not stand in the file and the dictionary leaves a
choice. Values are those of the file, not those that pydicom makes of them.
"""
import hashlib
import json
import sys
import warnings

import pydicom
import pydicom.dicomdir
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.sequence import Sequence

warnings.simplefilter("ignore")

# What pydicom converts while it reads is remembered as it was.
raws = {}


def remember(raw, **_):
    raws[raw.value_tell, raw.tag] = raw
    return raw


pydicom.config.data_element_callback = remember
# The offsets in a DICOMDIR are those of the file that it was made for.
pydicom.dicomdir.DicomDir.parse_records = lambda self: None

UNIT = dict(AT=2, OW=2, SS=2, US=2, FL=4, OF=4, OL=4, SL=4, UL=4, FD=8, OD=8, OV=8, SV=8, UV=8)


def turn(value, unit):
    if unit == 1:
        return value
    return b"".join(value[i:i + unit][::-1] for i in range(0, len(value), unit))


def vr_of(raw):
    if raw.VR is not None:
        return raw.VR if len(raw.VR) == 2 else None
    try:
        vr = dictionary_VR(raw.tag)
    except KeyError:
        return "LO" if raw.tag.is_private_creator else "UN"
    return vr if len(vr) == 2 else None


def dump(ds, path, out):
    for tag in sorted(ds.keys()):
        name = "(%04X,%04X)" % (tag.group, tag.element)
        raw = ds.get_item(tag)
        if not isinstance(raw, RawDataElement):
            raw = raws.get((raw.file_tell, tag), raw)
        if isinstance(raw, RawDataElement):
            vr = vr_of(raw)
            if vr != "SQ":
                value = raw.value or b""
                if not raw.is_little_endian:
                    value = turn(value, UNIT.get(vr, 1))
                out.append([path, name, vr, len(value), hashlib.sha256(value).hexdigest()])
                continue
        elem = ds[tag]
        if elem.VR == "SQ" and not elem.value:
            out.append([path, name, "SQ", 0, ""])
            continue
        if not isinstance(elem.value, Sequence):
            out.append([path, name, elem.VR, -1, "converted"])
            continue
        out.append([path, name, "SQ", len(elem.value), ""])
        for i, item in enumerate(elem.value):
            dump(item, "%s%s[%d]." % (path, name, i), out)


for name in sys.argv[1:]:
    out = []
    error = ""
    raws.clear()
    try:
        ds = pydicom.dcmread(name, force=True)
        dump(ds.file_meta, "", out)
        dump(ds, "", out)
    except Exception as e:
        error = type(e).__name__
    print(json.dumps({"file": name, "error": error, "elements": out}))
