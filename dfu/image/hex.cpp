// Intel HEX and Motorola S-records, as tools and vendors write them: with comments, empty lines, a byte order mark, and
// the ends of files of other systems. Each record must still be whole.
#include <algorithm>

#include "dfu/image/elements.h"
#include "dfu/image/formats.h"

namespace dfu {
namespace {

constexpr std::uint8_t dos_end_of_file = 0x1A, erased = 0xFF;

bool is_padding(std::uint8_t byte) {
  return byte == ' ' || byte == '\t' || byte == '\v' || byte == '\f' || byte == 0 || byte == dos_end_of_file;
}

ByteView trimmed(ByteView text) {
  while (!text.empty() && is_padding(text.front())) text = text.subspan(1);
  while (!text.empty() && is_padding(text.back())) text = text.first(text.size() - 1);
  return text;
}

bool is_comment(ByteView text) {
  return text[0] == ';' || text[0] == '#' || (text[0] == '/' && text.size() > 1 && text[1] == '/');
}

std::uint16_t be16(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// Reads a file line by line; the first mistake ends it.
class LineReader {
 public:
  virtual ~LineReader() = default;

  ContentResult read(ByteView file) {
    file = without_byte_order_mark(file);
    while (!file.empty() && problem_.empty()) {
      const auto end = std::ranges::find_if(file, [](std::uint8_t byte) { return byte == '\n' || byte == '\r'; });
      const auto length = static_cast<std::size_t>(end - file.begin());
      ++line_;
      line(trimmed(file.first(length)));
      const bool pair = length + 1 < file.size() && file[length] == '\r' && file[length + 1] == '\n';
      file = file.subspan(std::min(file.size(), length + (pair ? 2 : 1)));
    }
    if (problem_.empty() && !ended_ && !is_counted()) return "has no end record: the file is cut off";
    if (!problem_.empty()) return "has a damaged line " + std::to_string(line_) + ": " + problem_;
    ContentResult result = put_together(std::move(elements_));
    if (auto* content = std::get_if<Content>(&result); content && behind_end_ > 0) {
      content->remark = "has " + std::to_string(behind_end_) + (behind_end_ == 1 ? " record" : " records") +
                        " without data behind its end record, as of names of variables; nothing of them is flashed";
    }
    return result;
  }

 protected:
  // A line that is no comment, behind the record that ends the file.
  virtual bool may_follow_end(ByteView) const { return false; }
  // What was read is whole, although no record ends it.
  virtual bool is_counted() const { return false; }
  virtual void record(ByteView text) = 0;

  void add(std::uint32_t address, ByteView bytes) {
    if (bytes.empty()) return;
    if (wraps(address, bytes.size())) return fail("it reaches past the end of the address space");
    if (elements_.empty() || elements_.back().end() != address) elements_.push_back({address, {}});
    elements_.back().bytes.insert(elements_.back().bytes.end(), bytes.begin(), bytes.end());
  }
  void fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  bool ended_ = false;

 private:
  void line(ByteView text) {
    if (ended_) {
      while (!text.empty() && (text.back() == erased || is_padding(text.back()))) text = text.first(text.size() - 1);
    }
    if (text.empty()) return;
    if (is_comment(text)) return comment(text.subspan(1));
    // A comment may follow a record, after a blank.
    const auto blank = std::ranges::find_if(text, is_padding);
    const ByteView behind = trimmed(text.subspan(static_cast<std::size_t>(blank - text.begin())));
    if (!behind.empty() && is_comment(behind)) text = text.first(static_cast<std::size_t>(blank - text.begin()));
    if (ended_ && !may_follow_end(text)) return fail("there is something after the end record");
    if (ended_) ++behind_end_;
    record(text);
  }

  // One character would make a comment of a record; so a comment must not be one.
  void comment(ByteView text) {
    while (!text.empty() && (is_padding(text[0]) || text[0] == '/')) text = text.subspan(1);
    if (is_record(text) || is_record(with_colon(text))) fail("it is a record that is commented out");
  }

  static bool is_record(ByteView text) { return is_intel_hex_record(text) || is_s_record(text); }
  Bytes with_colon(ByteView text) const {
    Bytes out{':'};
    out.insert(out.end(), text.begin(), text.end());
    return out;
  }

  std::vector<Element> elements_;
  std::size_t line_ = 0, behind_end_ = 0;
  std::string problem_;
};

class HexReader : public LineReader {
 private:
  // Altus Metrum's files have the names of their variables there, in records of a type of their own, behind one that
  // says their address. Data there, a start or another end is of a second file that was put behind this one.
  bool may_follow_end(ByteView text) const override {
    const Bytes raw = text[0] == ':' ? hex_pairs(text.subspan(1)) : Bytes();
    if (raw.size() < 5) return false;
    return raw[3] > start_linear || raw[3] == segment || raw[3] == linear;
  }

  enum Type : std::uint8_t { data = 0, end_of_file = 1, segment = 2, start_segment = 3, linear = 4, start_linear = 5 };

  void record(ByteView text) override {
    if (text[0] != ':') return fail("it does not begin with a colon");
    const Bytes raw = hex_pairs(text.subspan(1));
    if (raw.size() * 2 + 1 != text.size()) return fail("it has something that is no pair of hexadecimal digits");
    if (raw.size() < 5 || raw.size() != raw[0] + 5u) return fail("its length is not what it says");
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : raw) sum = static_cast<std::uint8_t>(sum + byte);
    if (sum != 0) return fail("its checksum is wrong");
    take(raw[3], be16(raw, 1), ByteView(raw).subspan(4, raw[0]));
  }

  void take(std::uint8_t type, std::uint16_t offset, ByteView bytes) {
    const auto want = [&](std::size_t size) {
      if (bytes.size() != size) fail("its length does not fit its type");
      return bytes.size() == size;
    };
    switch (static_cast<Type>(type)) {
      case data:
        // Within a segment an offset begins again after 64 KiB; tools disagree about what that means.
        if (!linear_ && offset + bytes.size() > 0x10000) return fail("it reaches past the end of its 64 KiB");
        return wraps(base_, offset) ? fail("it reaches past the end of the address space") : add(base_ + offset, bytes);
      case end_of_file:
        ended_ = want(0);
        return;
      case segment:
        if (want(2)) base_ = std::uint32_t{be16(bytes, 0)} << 4;
        linear_ = false;
        return;
      case linear:
        if (want(2)) base_ = std::uint32_t{be16(bytes, 0)} << 16;
        linear_ = true;
        return;
      case start_segment:
      case start_linear:
        want(4);
        return;
    }
    if (!ended_) fail("its type " + std::to_string(type) + " is not known");
  }

  std::uint32_t base_ = 0;
  bool linear_ = false;
};

class SRecordReader : public LineReader {
 private:
  // srec_cat writes the record that ends a file only where a start address is given.
  bool is_counted() const override { return counted_; }

  void record(ByteView text) override {
    if (text.size() < 2 || (text[0] != 'S' && text[0] != 's')) return fail("it does not begin with an S");
    const Bytes raw = hex_pairs(text.subspan(2));
    if (raw.size() * 2 + 2 != text.size()) return fail("it has something that is no pair of hexadecimal digits");
    if (raw.empty() || raw.size() != raw[0] + 1u) return fail("its length is not what it says");
    std::uint8_t sum = 0;
    for (const std::uint8_t byte : raw) sum = static_cast<std::uint8_t>(sum + byte);
    if (sum != 0xFF) return fail("its checksum is wrong");
    take(text[1], ByteView(raw).subspan(1, raw.size() - 2));
  }

  // Header, three lengths of address, two counts of records, and the ends of the three.
  void take(std::uint8_t type, ByteView bytes) {
    constexpr std::uint8_t digit = '0';
    switch (type - digit) {
      case 0:
        return;
      case 1:
      case 2:
      case 3:
        return data(static_cast<std::size_t>(type - digit) + 1, bytes);
      case 5:
      case 6:
        return count(static_cast<std::size_t>(type - digit) - 3, bytes);
      case 7:
      case 8:
      case 9:
        ended_ = true;
        return;
    }
    fail("its type S" + std::string(1, static_cast<char>(type)) + " is not known");
  }

  static std::uint32_t number(ByteView bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes) value = value << 8 | byte;
    return value;
  }

  void data(std::size_t address_bytes, ByteView bytes) {
    if (bytes.size() < address_bytes) return fail("its length does not fit its type");
    ++records_;
    counted_ = false;
    add(number(bytes.first(address_bytes)), bytes.subspan(address_bytes));
  }

  void count(std::size_t size, ByteView bytes) {
    if (bytes.size() != size) return fail("its length does not fit its type");
    if (number(bytes) != records_)
      return fail("it counts " + std::to_string(number(bytes)) + " records before it, not " + std::to_string(records_) +
                  ": the file is cut off or put together");
    counted_ = true;
  }

  std::uint32_t records_ = 0;
  bool counted_ = false;  // the number of records before this place was right
};

}  // namespace

ContentResult parse_intel_hex(ByteView file) {
  return HexReader().read(file);
}

ContentResult parse_s_records(ByteView file) {
  return SRecordReader().read(file);
}

namespace {

// The first line that says something.
ByteView first_record(ByteView file) {
  file = without_byte_order_mark(file);
  while (!file.empty()) {
    const auto end = std::ranges::find_if(file, [](std::uint8_t byte) { return byte == '\n' || byte == '\r'; });
    const auto length = static_cast<std::size_t>(end - file.begin());
    const ByteView text = trimmed(file.first(length));
    if (!text.empty() && !is_comment(text)) return text;
    file = file.subspan(std::min(file.size(), length + 1));
  }
  return {};
}

}  // namespace

bool is_intel_hex(ByteView file) {
  return is_intel_hex_record(first_record(file));
}

bool is_s_records(ByteView file) {
  return is_s_record(first_record(file));
}

}  // namespace dfu
