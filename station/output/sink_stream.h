// A std::ostream in front of anything that takes bytes. When the sink refuses, the stream turns bad and stays so.
#pragma once

#include <array>
#include <functional>
#include <ostream>
#include <streambuf>
#include <string_view>

namespace station {

class SinkStream : private std::streambuf, public std::ostream {
 public:
  explicit SinkStream(std::function<bool(std::string_view)> sink)
      : std::ostream(static_cast<std::streambuf*>(this)), sink_(std::move(sink)) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

 private:
  using Traits = std::char_traits<char>;

  std::streambuf::int_type overflow(std::streambuf::int_type c) override {
    if (sync() != 0) return Traits::eof();
    if (!Traits::eq_int_type(c, Traits::eof())) sputc(Traits::to_char_type(c));
    return Traits::not_eof(c);
  }
  int sync() override {
    const bool taken = sink_({pbase(), static_cast<std::size_t>(pptr() - pbase())});
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return taken ? 0 : -1;
  }

  std::function<bool(std::string_view)> sink_;
  std::array<char, 1 << 16> buffer_;
};

}  // namespace station
