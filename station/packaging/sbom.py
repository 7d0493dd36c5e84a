#!/usr/bin/python3
"""Says as SPDX 2.3 in JSON what the program is made of: its shared libraries, and the libraries whose code is in it.

    sbom.py PROGRAM [VERSION] >flashline.spdx.json

Versions are those of the Debian packages on this computer, so it runs where the program was built, also for another
processor. Two runs over the same program and packages write the same bytes; the date is SOURCE_DATE_EPOCH, else the program's.
"""
import datetime
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import urllib.parse
import uuid
from pathlib import Path

# Their code becomes part of the program: headers alone, or a static library. With libraries that are shared the linker
# knows; debian/control must name no library that is in neither list.
PARTS_OF_THE_PROGRAM = ["libcli11-dev", "libsqlitecpp-dev"]
CONTROL = Path(__file__).resolve().parents[2] / "debian/control"


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def package_of(file):
    """A library may be found under /lib, and be known to dpkg under /usr/lib, or the other way round."""
    file = os.path.realpath(file)
    for name in (file, file.removeprefix("/usr"), "/usr" + file):
        found = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if found.returncode == 0:
            return found.stdout.split(": ")[0].split(",")[0]
    raise SystemExit(f"sbom.py: no package owns {file}")


def shared_libraries(program):
    """Packages, each with whether the program itself names a library of it, or only another library does.

    Read from the files, because ldd would run them: they may be for another processor.
    """
    packages, seen, waiting = {}, set(), [(name, True) for name in needed_by(program)]
    while waiting:
        name, direct = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        file = library(name, machine_of(program))
        package = package_of(file)
        packages[package] = packages.get(package, False) or direct
        waiting[:0] = [(other, False) for other in needed_by(file)]  # behind those that the program names
    return packages


def needed_by(file):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", said("readelf", "-d", file))


def machine_of(file):
    """For which processor it is: e_machine of ELF."""
    return Path(file).read_bytes()[18:20]


def library(name, machine):
    for folder in sorted(glob.glob("/usr/lib/*-linux-gnu*")) + ["/usr/lib", "/usr/lib64"]:
        file = os.path.join(folder, name)
        if os.path.exists(file) and machine_of(file) == machine:
            return file
    raise SystemExit(f"sbom.py: there is no library {name}")


def facts_of(package):
    form = "${binary:Package}\\t${Version}\\t${Architecture}\\t${source:Package}\\t${source:Version}\\t${Homepage}\\t${Depends}\\n"
    line = said("dpkg-query", "-W", "-f=" + form, package).splitlines()[0]
    return dict(zip(("name", "version", "arch", "source", "source_version", "homepage", "depends"), line.split("\t")))


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name.split(":")[0])


def package_entry(facts):
    name = facts["name"].split(":")[0]
    quote = lambda text: urllib.parse.quote(text, safe="")
    return {
        "SPDXID": spdx_id(name),
        "name": name,
        "versionInfo": facts["version"],
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "homepage": facts["homepage"] or "NOASSERTION",
        "sourceInfo": f"Debian source package {facts['source']} {facts['source_version']}",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": f"Licence: /usr/share/doc/{name}/copyright",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{quote(name)}@{quote(facts['version'])}?arch={facts['arch']}",
        }],
    }


def check_complete(shared):
    """Every library that the package is built with is in one of the two lists."""
    names = re.findall(r"^ (\S+-dev)\b", CONTROL.read_text().split("\n\n")[0], re.M)
    for name in set(names) - set(PARTS_OF_THE_PROGRAM):
        run_time = set(re.findall(r"[a-z0-9.+-]+", facts_of(name)["depends"]))
        if not run_time & {package.split(":")[0] for package in shared}:
            raise SystemExit(f"sbom.py: {name} is in debian/control, and neither shared nor in PARTS_OF_THE_PROGRAM")


def document(program, version):
    shared = shared_libraries(program)
    check_complete(shared)
    digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or os.stat(program).st_mtime)
    created = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    main = {
        "SPDXID": "SPDXRef-flashline", "name": "flashline", "versionInfo": version, "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False, "primaryPackagePurpose": "APPLICATION", "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION",
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
    }
    packages = [main] + [package_entry(facts_of(name)) for name in sorted([*shared, *PARTS_OF_THE_PROGRAM])]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-flashline")]
    relations += [("SPDXRef-flashline", "STATIC_LINK", spdx_id(name)) for name in PARTS_OF_THE_PROGRAM]
    relations += [("SPDXRef-flashline", "DYNAMIC_LINK" if direct else "DEPENDS_ON", spdx_id(name))
                  for name, direct in sorted(shared.items())]
    described = json.dumps([packages, relations], sort_keys=True)
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"flashline-{version}",
        "documentNamespace": f"https://flashline.example/spdx/{uuid.uuid5(uuid.NAMESPACE_URL, described)}",
        "creationInfo": {"created": created, "creators": ["Tool: flashline-sbom"]},
        "packages": packages,
        "relationships": [{"spdxElementId": one, "relationshipType": how, "relatedSpdxElement": other}
                          for one, how, other in relations],
    }


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        raise SystemExit(__doc__)
    made_of = document(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else "NOASSERTION")
    json.dump(made_of, sys.stdout, indent=1)
    print()
