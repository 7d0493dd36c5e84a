"""The bill of materials of the built program: what SPDX 2.3 asks for, and what is known to be in the program."""
import hashlib
import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

SCRIPT, PROGRAM = sys.argv[1:3]


def made():
    return subprocess.run(["/usr/bin/python3", SCRIPT, PROGRAM, "0.1.0"], check=True, capture_output=True, text=True,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}).stdout


class Sbom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = made()
        cls.sbom = json.loads(cls.text)

    def test_it_has_what_the_format_asks_for(self):
        for key in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages"):
            self.assertIn(key, self.sbom)
        self.assertEqual(self.sbom["spdxVersion"], "SPDX-2.3")
        self.assertEqual(self.sbom["creationInfo"]["created"], "2023-11-14T22:13:20Z")
        for package in self.sbom["packages"]:
            for key in ("SPDXID", "name", "downloadLocation", "versionInfo"):
                self.assertTrue(package[key], package)
            self.assertRegex(package["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")

    def test_every_package_is_there_once_and_related_to_the_program(self):
        ids = [package["SPDXID"] for package in self.sbom["packages"]]
        self.assertEqual(len(ids), len(set(ids)))
        related = [one["relatedSpdxElement"] for one in self.sbom["relationships"]]
        self.assertEqual(sorted(related), sorted(ids))

    def test_it_names_the_program_and_its_libraries(self):
        packages = {package["name"]: package for package in self.sbom["packages"]}
        digest = hashlib.sha256(Path(PROGRAM).read_bytes()).hexdigest()
        self.assertEqual(packages["flashline"]["checksums"][0]["checksumValue"], digest)
        kinds = {one["relatedSpdxElement"]: one["relationshipType"] for one in self.sbom["relationships"]}
        for name in ("libsqlite3-0", "libusb-1.0-0", "libqt6core6", "libsodium23", "libc6"):
            self.assertEqual(kinds["SPDXRef-" + name], "DYNAMIC_LINK")
            self.assertIn("pkg:deb/debian/", packages[name]["externalRefs"][0]["referenceLocator"])
        self.assertEqual(kinds["SPDXRef-libsqlitecpp-dev"], "STATIC_LINK")

    def test_it_is_the_same_each_time(self):
        self.assertEqual(made(), self.text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
