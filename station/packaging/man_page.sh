#!/bin/sh
# Makes a man page of a page in docs/, which stays its only source. Its heading becomes the name; a table of two columns
# becomes a list, which fits a terminal; of a link, which nobody can follow there, only the words stay.
#
#   man_page.sh NAME SECTION VERSION DOCUMENT >NAME.SECTION
set -eu
name=$1 section=$2 version=$3 file=$4

markdown() {
  printf '# NAME\n\n%s - ' "$name"
  sed -n '1s/^# //p' "$file" | tr '[:upper:]' '[:lower:]'
  printf '\n# DESCRIPTION\n\n'
  sed -E -e 1d -e 's/\[([^]]+)\]\([^)]+\)/\1/g' "$file" | awk '
    function cell(text) { gsub(/^ +| +$/, "", text); gsub("\001", "\\|", text); return text }
    {
      row = $0
      gsub(/\\\|/, "\001", row)
      cells = row ~ /^\|.*\|$/ ? split(row, part, "|") - 2 : 0
    }
    cells == 0 { heading = 0; print; next }
    !heading { heading = 1; columns = cells }
    columns != 2 { print; next }
    heading < 3 { ++heading; next } # the names of the columns, and the line below
    { print cell(part[2]) "\n: " cell(part[3]) "\n" }'
}

markdown | lowdown -s -Tman -M title="$name" -M section="$section" -M source="Flashline $version" -M volume=Flashline - |
  awk '
    heading { print heading " " $0; heading = ""; next }
    /^\.S[HS]$/ { heading = $0; next }
    { print }' | sed -e "1i '\\\\\" t"
