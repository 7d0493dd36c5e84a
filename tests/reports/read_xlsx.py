"""Prints a workbook as openpyxl reads it, which nobody here wrote, as JSON: for each sheet its name, where it is frozen,
its filter, and its rows of cells with value, type ("n" number, "s" text, "b" truth) and number format."""

import json
import sys

import openpyxl


def cell(one):
    return {"value": one.value, "type": one.data_type, "format": one.number_format}


book = openpyxl.load_workbook(sys.argv[1])
print(json.dumps([
    {
        "name": sheet.title,
        "freeze": sheet.freeze_panes,
        "filter": sheet.auto_filter.ref,
        "rows": [[cell(one) for one in row] for row in sheet.iter_rows()],
    }
    for sheet in book.worksheets
]))
