#!/usr/bin/env bash
# Makes a static site of the documents: each page of docs/ and those it leads to, as HTML, with its pictures and links
# between pages. One Debian tool: lowdown, which also makes the man pages.
#
#   docs/site.sh [FOLDER]        default: build/site; begin at FOLDER/index.html
set -euo pipefail
cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
site=${1:-build/site}
command -v lowdown >/dev/null || {
  echo 'site.sh: lowdown is missing: apt-get install lowdown' >&2
  exit 1
}
mkdir -p "$site"
site=$(cd -P -- "$site" && pwd)

# Pages keep their place and their name; README.md is the first page. Links to files that are no page go to a copy.
html_of() {
  case "$1" in
    README.md) echo index.html ;;
    *) echo "${1%.md}.html" ;;
  esac
}

style='body{max-width:60rem;margin:0 auto;padding:1rem 1.25rem 4rem;font:1rem/1.5 system-ui,"Noto Sans","Noto Sans CJK SC","WenQuanYi Zen Hei",sans-serif;color:#10171d;background:#fff}
nav{border-bottom:1px solid #c9d1d7;padding-bottom:.5rem;margin-bottom:1.5rem}nav a{margin-right:1.25rem}
a{color:#0b57d0}h1,h2,h3{line-height:1.2}h2{margin-top:2.2rem}img{max-width:100%;height:auto;border:1px solid #c9d1d7}
pre{background:#edf0f2;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.85rem;line-height:1.35}code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.9em}
:lang(zh) strong{border:1px solid #76838e;border-radius:3px;padding:0 .2em}pre code{font-size:1em}table{border-collapse:collapse;display:block;overflow-x:auto}th,td{border:1px solid #c9d1d7;padding:.3rem .6rem;text-align:left;vertical-align:top}th:empty{padding:0;border:0}
@media print{nav{display:none}body{max-width:none;padding:0;font-size:9.5pt;line-height:1.3}h1{font-size:16pt}h2{font-size:12pt;margin:.8rem 0 .3rem}p{margin:.3rem 0}
img{max-height:6.2cm}table{display:table;width:100%;font-size:8.5pt}th,td{padding:.08rem .35rem}tr,img,pre{break-inside:avoid}@page{size:A4;margin:12mm}}'

# The documents, and the way up from one to the root of the site.
mapfile -t pages < <(find README.md CONTRIBUTING.md CHANGELOG.md db/THREATS.md docs -name '*.md' | LC_ALL=C sort)
for page in "${pages[@]}"; do
  out=$site/$(html_of "$page")
  up=$(dirname -- "$page" | sed -e 's#[^/.][^/]*#..#g')
  language=en
  [[ "$page" != *.zh.* ]] || language=zh-CN
  mkdir -p "$(dirname -- "$out")"
  {
    printf '<!DOCTYPE html>\n<html lang="%s"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n' "$language"
    printf '<title>%s</title>\n<style>%s</style></head><body>\n' "$(sed -n '1s/^# //p' "$page")" "$style"
    printf '<nav><a href="%s/index.html">Flashline</a><a href="%s/docs/guides/first-line.html">First line</a>' "$up" "$up"
    printf '<a href="%s/docs/guides/operators.html">Operators</a><a href="%s/docs/guides/engineers.html">Engineers</a>' "$up" "$up"
    printf '<a href="%s/docs/administrators.html">Administrators</a><a href="%s/docs/guides/auditors.html">Auditors</a></nav>\n' "$up" "$up"
    # Within the site a page is .html; README.md is the index. What leads out of it stays.
    lowdown -Thtml --html-no-skiphtml --html-no-escapehtml "$page" |
      sed -E -e 's#href="((\.\./)*)README\.md#href="\1index.html#g' -e '/href="https?:/!s#href="([^":]+)\.md(["\#])#href="\1.html\2#g'
    printf '</body></html>\n'
  } >"$out"
done

# Every file that a page leads to and that is no page: pictures, examples, scripts.
for page in "${pages[@]}"; do
  folder=$(dirname -- "$page")
  grep -oE '\]\([^)#: ]+' "$page" | sed 's/^](//' | grep -v '\.md$' | while IFS= read -r link; do
    file=$(realpath -m --relative-to=. -- "$folder/$link")
    [ -f "$file" ] || continue
    mkdir -p "$site/$(dirname -- "$file")"
    cp -- "$file" "$site/$file"
  done || true
done
printf '%s pages in %s\n' "${#pages[@]}" "$site"
