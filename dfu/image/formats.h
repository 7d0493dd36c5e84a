// Files that say by their first bytes what they are, and programs that say it by their vector table. Each answer is
// only about the form; what is inside is judged elsewhere. Pure; any thread; any bytes are safe input.
#pragma once

#include <string_view>

#include "dfu/bytes.h"

namespace dfu {

bool is_elf(ByteView file);
bool is_zip(ByteView file);
bool is_uf2(ByteView file);
bool is_dfuse(ByteView file);
// Pairs of hexadecimal digits, up to what is none.
Bytes hex_pairs(ByteView text);
// A whole record with the right checksum at the beginning of the text.
bool is_intel_hex_record(ByteView text);
bool is_s_record(ByteView text);
// The first line that is neither empty nor a comment is such a record.
bool is_intel_hex(ByteView file);
bool is_s_records(ByteView file);
ByteView without_byte_order_mark(ByteView file);
// Text that begins with a tag, after blanks and a byte order mark.
bool is_html(ByteView file);
bool is_text(ByteView file);
// UTF-16 with a byte order mark. No reader of .hex files accepts it.
bool is_utf16_text(ByteView file);

// A program without a header for the place and the RAM that a Core has for its own. Other boards with this chip have
// the same behind their bootloader (Maple). Source: docs/devices.md, "Where the header is".
bool runs_on_core(ByteView file);
// One of them that was built for a Core: it names the cloud.
bool is_legacy_core(ByteView file);
// A vector table as a Cortex-M needs it: stack in RAM, handlers where code can be and no further apart than the file is
// long.
bool is_cortex_m_program(ByteView file);

}  // namespace dfu
