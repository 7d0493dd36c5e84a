// The targets that read bytes as they come; see targets.h.
#pragma once

#include "dfu/bytes.h"

namespace fuzz {

void module_target(dfu::ByteView input);
void suffix_target(dfu::ByteView input);
void dfuse_target(dfu::ByteView input);
void intel_hex_target(dfu::ByteView input);
void s_record_target(dfu::ByteView input);
void mcuboot_target(dfu::ByteView input);
void uf2_target(dfu::ByteView input);
void elf_target(dfu::ByteView input);
void zip_target(dfu::ByteView input);
void layout_target(dfu::ByteView input);
void descriptors_target(dfu::ByteView input);

}  // namespace fuzz
