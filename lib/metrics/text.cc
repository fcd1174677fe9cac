#include "lib/metrics/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace aisix::metrics {
namespace {

std::string_view TypeName(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
    case FamilyType::kSummary:
      return "summary";
  }
  return "untyped";
}

int Group(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kGauge:
      return 1;
    default:
      return 2;
  }
}

void AppendNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    // The longest double without an exponent has 309 digits before or some 1,075 behind the point.
    std::array<char, 1100> buffer;
    auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed);
    out.append(buffer.data(), end);
  }
}

void AppendNumber(std::string& out, uint64_t value) {
  std::array<char, 24> buffer;
  auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out.append(buffer.data(), end);
}

void AppendLabel(std::string& out, bool& first, std::string_view name, std::string_view value) {
  out += first ? '{' : ',';
  first = false;
  out += name;
  out += "=\"";
  for (char c : value) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '"':
        out += "\\\"";
        break;
      case '\n':
        out += "\\n";
        break;
      default:
        out += c;
    }
  }
  out += '"';
}

// name, suffix, labels and the space before the value. `extra` is `le` or `quantile`, which come last.
void AppendSeries(std::string& out, const Family& family, const Sample& sample, std::string_view suffix,
                  std::string_view extra_name = {}, std::string_view extra_value = {}) {
  out += family.name;
  out += suffix;
  bool first = true;
  size_t labels = std::min(family.label_names.size(), sample.label_values.size());
  for (size_t i = 0; i < labels; ++i) {
    AppendLabel(out, first, family.label_names[i], sample.label_values[i]);
  }
  if (!extra_name.empty()) AppendLabel(out, first, extra_name, extra_value);
  if (!first) out += '}';
  out += ' ';
}

template <typename Number>
void AppendLine(std::string& out, const Family& family, const Sample& sample, std::string_view suffix,
                Number value) {
  AppendSeries(out, family, sample, suffix);
  AppendNumber(out, value);
  out += '\n';
}

void AppendTotals(std::string& out, const Family& family, const Sample& sample) {
  AppendLine(out, family, sample, "_sum", sample.value);
  AppendLine(out, family, sample, "_count", sample.count);
}

void AppendHistogram(std::string& out, const Family& family, const Sample& sample) {
  uint64_t cumulative = 0;
  for (size_t i = 0; i < sample.buckets.size() && i <= family.edges.size(); ++i) {
    cumulative += sample.buckets[i];
    std::string edge;
    AppendNumber(edge, i < family.edges.size() ? family.edges[i] : INFINITY);
    AppendSeries(out, family, sample, "_bucket", "le", edge);
    AppendNumber(out, cumulative);
    out += '\n';
  }
  AppendTotals(out, family, sample);
}

void AppendSummary(std::string& out, const Family& family, const Sample& sample) {
  for (size_t i = 0; i < family.edges.size() && i < sample.quantiles.size(); ++i) {
    std::string quantile;
    AppendNumber(quantile, family.edges[i]);
    AppendSeries(out, family, sample, "", "quantile", quantile);
    AppendNumber(out, sample.quantiles[i]);
    out += '\n';
  }
  AppendTotals(out, family, sample);
}

}  // namespace

std::string RenderText(const std::vector<Family>& families) {
  std::vector<const Family*> order;
  order.reserve(families.size());
  for (const Family& family : families) {
    if (!family.samples.empty()) order.push_back(&family);
  }
  std::sort(order.begin(), order.end(), [](const Family* a, const Family* b) {
    int left = Group(a->type);
    int right = Group(b->type);
    return left != right ? left < right : a->name < b->name;
  });

  std::string out;
  for (const Family* family : order) {
    out += "# TYPE ";
    out += family->name;
    out += ' ';
    out += TypeName(family->type);
    out += '\n';
    for (const Sample& sample : family->samples) {
      switch (family->type) {
        case FamilyType::kCounter:
        case FamilyType::kGauge:
          AppendLine(out, *family, sample, "", sample.value);
          break;
        case FamilyType::kHistogram:
          AppendHistogram(out, *family, sample);
          break;
        case FamilyType::kSummary:
          AppendSummary(out, *family, sample);
          break;
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace aisix::metrics
