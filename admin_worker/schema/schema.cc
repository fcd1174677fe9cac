#include "admin_worker/schema/schema.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include "admin_worker/schema/evaluation.h"

namespace aisix::admin {
namespace {

absl::Status CompilePatterns(const nlohmann::json& schema, Evaluation::Patterns& patterns) {
  if (!schema.is_structured()) return absl::OkStatus();
  if (schema.is_object()) {
    const auto member = schema.find("pattern");
    if (member != schema.end() && member->is_string()) {
      const auto& pattern = member->get_ref<const std::string&>();
      RE2::Options options;
      options.set_log_errors(false);
      auto compiled = std::make_unique<RE2>(pattern, options);
      if (!compiled->ok())
        return absl::InvalidArgumentError(fmt::format("pattern {}: {}", pattern, compiled->error()));
      patterns.emplace(pattern, std::move(compiled));
    }
  }
  for (const auto& member : schema) {
    if (absl::Status status = CompilePatterns(member, patterns); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

struct Schema::Compiled {
  nlohmann::json root;
  SchemaPlan plan;  // points into root
  Evaluation::Patterns patterns;
};

Schema::Schema(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

absl::StatusOr<Schema> Schema::Parse(std::string_view text) {
  auto compiled = std::make_unique<Compiled>();
  compiled->root = nlohmann::json::parse(text, nullptr, false);
  if (compiled->root.is_discarded()) return absl::InvalidArgumentError("a schema is not a JSON document");
  if (absl::Status status = CompilePatterns(compiled->root, compiled->patterns); !status.ok()) return status;
  absl::StatusOr<SchemaPlan> plan = PlanSchema(compiled->root);
  if (!plan.ok()) return plan.status();
  compiled->plan = *std::move(plan);
  return Schema(std::move(compiled));
}

std::optional<Violation> Schema::Check(const nlohmann::json& document, Contract contract,
                                       std::vector<UnknownField>* unknown) const {
  Evaluation evaluation(compiled_->plan, compiled_->patterns, contract, unknown);
  evaluation.Check(compiled_->root, document);
  return evaluation.TakeViolation();
}

}  // namespace aisix::admin
