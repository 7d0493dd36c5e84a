#include "reports/qr_code.h"

#include <memory>

#include <zint.h>

#include "reports/charts.h"

namespace reports {

namespace {

constexpr int quiet = 4;         // modules on each side, as the standard asks
constexpr int correction_m = 2;  // 15 %: a print that was folded can still be read

struct Delete {
  void operator()(zint_symbol* symbol) const { ZBarcode_Delete(symbol); }
};

bool is_dark(const zint_symbol& symbol, int row, int column) {
  return (symbol.encoded_data[row][column / 8] >> (column % 8)) & 1;
}

// Each run of dark modules is one rectangle: a fifth of the page that single modules would make.
std::string modules(const zint_symbol& symbol) {
  std::string path;
  for (int row = 0; row < symbol.rows; ++row) {
    for (int from = 0; from < symbol.width;) {
      int to = from;
      while (to < symbol.width && is_dark(symbol, row, to)) ++to;
      if (to > from) {
        const std::string length = std::to_string(to - from);
        path += "M" + std::to_string(from + quiet) + " " + std::to_string(row + quiet) + "h" + length + "v1h-" +
                length + "z";
      }
      from = to + 1;
    }
  }
  return path;
}

}  // namespace

std::string qr_code(const std::string& text, const std::string& title) {
  const std::unique_ptr<zint_symbol, Delete> symbol(ZBarcode_Create());
  if (!symbol) return {};
  symbol->symbology = BARCODE_QRCODE;
  symbol->input_mode = UNICODE_MODE;
  symbol->option_1 = correction_m;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (text.empty() || ZBarcode_Encode(symbol.get(), bytes, static_cast<int>(text.size())) >= ZINT_ERROR) return {};
  const std::string size = std::to_string(symbol->width + 2 * quiet);
  return "<svg class=qr viewBox='0 0 " + size + " " + size + "' shape-rendering=crispEdges role=img><title>" +
         escaped(title) + "</title><rect width='" + size + "' height='" + size +
         "' fill='#fff'/><path fill='#000' d='" + modules(*symbol) + "'/></svg>";
}

}  // namespace reports
