#!/usr/bin/env python3
"""Writes table.txt and checksums.txt, the public holidays of all countries for 2015 to 2035.

    pip install holidays==0.108
    python3 src/series/holiday/generate.py

The same version of the package gives the same bytes. The formats are described in mod.rs.
"""

import collections
import pathlib
import re

import holidays
from holidays.registry import COUNTRIES

VERSION = "0.108"
YEARS = range(2015, 2036)
DIGITS = "0123456789abcdefghijklmnopqrstuv"
LICENCE = """\
Copyright (c) Vacanza Team and individual contributors
Copyright (c) dr-prodigy <dr.prodigy.github@gmail.com>, 2017-2023
Copyright (c) ryanss <ryanssdev@icloud.com>, 2014-2017

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in
all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN
THE SOFTWARE."""


def country_name(module):
    """Turns `isle_of_man` into `Isle of Man`."""
    small = {"and", "of", "the"}
    words = [w if w in small else w.capitalize() for w in module.split("_")]
    return " ".join(words).replace("Dr Congo", "DR Congo")


def calendar(country, subdivision=None):
    """Returns the days of each name: the public holidays, in English, observed days included."""
    languages = country.supported_languages or ()
    english = [name for name in languages if name.startswith("en")]
    language = "en_US" if "en_US" in english else next(iter(english), None)
    if language is None and languages:
        raise SystemExit(f"{country.__name__} has no English names")
    found = country(years=YEARS, subdiv=subdivision, language=language, observed=True)
    days = collections.defaultdict(set)
    for day in found:
        if day.year in YEARS:
            for name in found.get_list(day):
                days[name].add(day)
    return days


def encode(days):
    """Writes days as a group a year, with the number of years that a group is repeated."""
    groups = []
    for year in YEARS:
        group = "".join(DIGITS[d.month] + DIGITS[d.day] for d in sorted(days) if d.year == year)
        if groups and groups[-1][0] == group:
            groups[-1][1] += 1
        else:
            groups.append([group, 1])
    if groups[-1][0] == "":
        groups.pop()
    return ",".join(group if times == 1 else f"{group}*{times}" for group, times in groups)


def lines(days, sign=""):
    """Writes a line a name, in the order of the names' first days."""
    for name in sorted(days, key=lambda name: (min(days[name]), name)):
        if re.search(r"[=\n]", name) or name[0] in "#@+-":
            raise SystemExit(f"the format cannot hold the name {name!r}")
        yield f"{sign}{name}={encode(days[name])}"


def without(left, right):
    """Returns the days that are on the left only."""
    rest = {name: days - right.get(name, set()) for name, days in left.items()}
    return {name: days for name, days in rest.items() if days}


def fnv1a(text):
    """The 64-bit FNV-1a hash."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def listing(code, days):
    """What is hashed of a calendar: its code, then a line a holiday."""
    rows = sorted((day.isoformat(), name) for name in days for day in days[name])
    return "".join([f"{code}\n", *(f"{day} {name}\n" for day, name in rows)])


def main():
    """Writes both files beside this one."""
    if holidays.__version__ != VERSION:
        raise SystemExit(f"holidays {VERSION} is needed, this is {holidays.__version__}")
    table = [
        f"Public holidays {YEARS[0]} to {YEARS[-1]}, by generate.py from holidays {VERSION}",
        "(https://github.com/vacanza/holidays), whose licence (MIT) is:",
        "",
        *LICENCE.splitlines(),
    ]
    table = [f"# {line}".rstrip() for line in table]
    checksums = [f"# By generate.py from holidays {VERSION}."]
    for module, (class_name, *codes) in COUNTRIES.items():
        country = getattr(holidays, class_name)
        codes = [code for code in codes if not code.startswith("Holidays")]
        names = [codes[0], country_name(module), *codes[1:]]
        national = calendar(country)
        table.append("@" + "|".join(names))
        table.extend(lines(national))
        text = listing(codes[0], national)
        aliases = collections.defaultdict(list)
        for alias, subdivision in country.subdivisions_aliases.items():
            aliases[subdivision].append(alias)
        for subdivision in country.subdivisions:
            code = f"{codes[0]}-{subdivision}"
            regional = calendar(country, subdivision)
            table.append("@" + "|".join([code, *aliases[subdivision]]))
            table.extend(lines(without(regional, national), "+"))
            table.extend(lines(without(national, regional), "-"))
            text += listing(code, regional)
        count = sum(map(len, national.values()))
        checksums.append(f"{codes[0]} {count} {len(country.subdivisions)} {fnv1a(text):016x}")
    here = pathlib.Path(__file__).parent
    (here / "table.txt").write_text("\n".join(table) + "\n", encoding="utf-8")
    (here / "checksums.txt").write_text("\n".join(checksums) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
