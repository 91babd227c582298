"""The DICOM JSON model as pydicom has it.

model.py FILE...   one line a file: {"file":, "json":} or {"file":, "error":}
model.py -         reads such lines and prints what pydicom makes of the JSON
"""
import json
import sys
import warnings

import pydicom

warnings.simplefilter("ignore")
# UN is UN, also where the dictionary knows better.
pydicom.config.replace_un_with_known_vr = False


def show(name, make):
    try:
        print(json.dumps({"file": name, "json": make()}))
    except Exception as e:  # whatever pydicom objects to
        print(json.dumps({"file": name, "error": type(e).__name__ + ": " + str(e)[:200]}))


if sys.argv[1:] == ["-"]:
    for line in sys.stdin:
        request = json.loads(line)
        show(request["file"], lambda: pydicom.Dataset.from_json(request["json"]).to_json_dict())
else:
    for name in sys.argv[1:]:
        show(name, lambda: pydicom.dcmread(name, force=True).to_json_dict())
