#!/usr/bin/env python3
"""What can be known of the page without a browser: that every colour pair it uses can be read (WCAG 2.2 AA, light and
dark), that all languages say the same things, that every fault of the code has words, and that no data can become
markup. Prints what is wrong, one line each; exit status 1 if anything is."""
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
WWW = os.path.join(ROOT, "station", "board", "www")

# (ink, ground, ratio): text needs 4.5; what is large, a sign or an edge that tells something needs 3.
TEXT, SHAPE = 4.5, 3.0
PAIRS = [
    *[("ink", ground, TEXT) for ground in ("bg", "surface", "sunken", "good-soft", "bad-soft", "odd-soft", "stopped-soft", "busy-soft")],
    *[("ink-2", ground, TEXT) for ground in ("bg", "surface", "sunken", "odd-soft", "busy-soft")],
    *[("accent", ground, TEXT) for ground in ("bg", "surface", "sunken", "busy-soft", "odd-soft")],
    ("on-odd-fill", "odd-fill", TEXT), ("on-bad", "bad-stripe", TEXT), ("on-accent", "accent", TEXT), ("bg", "ink", TEXT), ("bad", "surface", TEXT),
    *[("on-" + tone, tone, TEXT) for tone in ("good", "bad", "odd", "stopped", "busy")],
    *[(tone, "surface", TEXT) for tone in ("good", "bad", "odd", "stopped", "busy")],
    *[(tone, tone + "-soft", SHAPE) for tone in ("good", "bad", "odd", "stopped", "busy")],
    *[(tone, "bg", SHAPE) for tone in ("good", "bad", "odd", "stopped", "busy")],
    *[("edge-strong", ground, SHAPE) for ground in ("bg", "surface")],
    *[("focus", ground, SHAPE) for ground in ("bg", "surface", "sunken")],
]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def luminance(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= .04045 else ((c + .055) / 1.055) ** 2.4 for c in channels]
    return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + .05) / (low + .05)


def themes(css):
    blocks = {"light": re.search(r":root \{(.*?)\}", css, re.S), "dark": re.search(r':root\[data-theme="dark"\] \{(.*?)\}', css, re.S)}
    return {name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block.group(1))) for name, block in blocks.items()}


def check_contrast(css, problems):
    lowest = (99, "")
    for name, tokens in themes(css).items():
        for ink, ground, least in PAIRS:
            ratio = contrast(tokens[ink], tokens[ground])
            lowest = min(lowest, (ratio / least, f"{name}: {ink} on {ground} {ratio:.2f}:1, needs {least}"))
            if ratio < least:
                problems.append(f"app.css, {name}: {ink} {tokens[ink]} on {ground} {tokens[ground]} is {ratio:.2f}:1, needs {least}:1")
    stray = [line for line in re.sub(r":root[^{]*\{.*?\}", "", css, flags=re.S).splitlines()
             if re.search(r"#[0-9a-f]{3,6}\b", line) and "#fff" not in line and not line.startswith(("#", "  #"))]
    problems.extend(f"app.css: a colour that is no token: {line.strip()}" for line in stray)
    return lowest[1]


def names_in(value):
    forms = value.values() if isinstance(value, dict) else [value]
    return [set(re.findall(r"\{(\w+)\}", form)) for form in forms]


def names_given(file, function):
    """What this function of the program gives as names."""
    body = read(os.path.join(ROOT, *file.split("/")))
    body = body[body.index(function):]
    return re.findall(r'return "([a-z-]+)";', body[:body.index("\n}")])


def fault_codes():
    return names_given("dfu/fault.cpp", "to_string(FaultCode")


def once_each(name, problems):
    def keep(pairs):
        keys = [key for key, _ in pairs]
        problems.extend(f"{name}: {key} stands there twice" for key in sorted(set(keys)) if keys.count(key) > 1)
        return dict(pairs)
    return keep


def check_words(problems):
    files = sorted(os.listdir(os.path.join(WWW, "lang")))
    languages = {name: json.loads(read(os.path.join(WWW, "lang", name)), object_pairs_hook=once_each(name, problems)) for name in files}
    english = languages["en.json"]
    codes = fault_codes()
    if len(codes) < 30:
        problems.append(f"dfu/fault.cpp: only {len(codes)} fault codes were found")
    wanted = [key for code in codes for key in ("fault." + code, "fault." + code + ".do")]
    problems.extend(f"en.json: no {key}" for key in wanted if key not in english)
    known = {key for key in english if key.startswith("fault.")}
    problems.extend(f"en.json: {key} is no fault of dfu/fault.cpp" for key in sorted(known - set(wanted)))
    words_js = read(os.path.join(WWW, "words.js"))
    acts = words_js[words_js.index("acts = {"):words_js.index("};")]
    problems.extend(f"words.js: no act for the advice {advice}" for advice in names_given("station/live/advice.cpp", "to_string(Advice")
                    if advice != "none" and not re.search(rf"'?{re.escape(advice)}'?: \[", acts))
    remarks = re.findall(r'Row\{[^}]*"([a-z-]+)"\}', read(os.path.join(ROOT, "scheduler", "remark.cpp")))
    if len(remarks) < 20:
        problems.append(f"scheduler/remark.cpp: only {len(remarks)} remarks were found")
    problems.extend(f"en.json: no note.{code}" for code in remarks if "note." + code not in english)
    states = names_given("reports/step_state.cpp", "to_string(StepState")
    problems.extend(f"en.json: no step.{state}" for state in states if "step." + state not in english)
    for name, words in languages.items():
        problems.extend(f"{name}: no {key}" for key in english if key not in words)
        problems.extend(f"{name}: {key} is not in en.json" for key in words if key not in english)
        for key in english.keys() & words.keys():
            ours, theirs = set().union(*names_in(english[key])), set().union(*names_in(words[key]))
            if ours != theirs:
                problems.append(f"{name}: {key} has {sorted(theirs)}, en.json has {sorted(ours)}")
            if isinstance(words[key], dict) and "other" not in words[key]:
                problems.append(f"{name}: {key} has no form 'other'")
            if words[key] == "" or words[key] == {}:
                problems.append(f"{name}: {key} is empty")
    used = set()
    for script in scripts():
        used |= set(re.findall(r"\bt\('([\w.-]+)'[,)]", read(script)))
        used |= {key for pair in re.findall(r"\bt\([^'()]*\? '([\w.-]+)' : '([\w.-]+)'", read(script)) for key in pair}
    problems.extend(f"en.json: no {key}, which a script says" for key in sorted(used) if key not in english)
    said = "".join(read(script) for script in scripts())
    literals = set(re.findall(r"'([\w.-]+)'", said))
    begins = tuple(text for text in literals if text.endswith((".", "-")))
    problems.extend(f"en.json: nobody says {key}" for key in english if key not in literals and not key.startswith(begins))
    return len(languages), len(english), len(codes)


def scripts():
    return [os.path.join(WWW, name) for name in sorted(os.listdir(WWW)) if name.endswith(".js")]


def check_safety(problems):
    for script in scripts():
        for number, line in enumerate(read(script).splitlines(), 1):
            if re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|cssText|\bstyle: (?!'percent')", line):
                problems.append(f"{os.path.basename(script)}:{number}: data could become markup or style: {line.strip()}")
    page = read(os.path.join(WWW, "index.html"))
    if re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", page):
        problems.append("index.html: inline style or script, which the content security policy refuses")
    everything = page + read(os.path.join(WWW, "app.css")) + "".join(read(s) for s in scripts())
    for address in set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s'\"]*", everything)):
        if not address.endswith("www.w3.org/2000/svg"):
            problems.append(f"something is named outside the station: {address}")


def main():
    problems = []
    lowest = check_contrast(read(os.path.join(WWW, "app.css")), problems)
    languages, words, codes = check_words(problems)
    check_safety(problems)
    for problem in problems:
        print(problem)
    print(f"{2 * len(PAIRS)} colour pairs, closest to its limit {lowest}; {languages} languages of {words} texts, {codes} faults")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
