// The stages of a chat request before anything is sent (spec 05 §3.7).
#include <fmt/format.h>

#include "lib/http/server_exchange.h"
#include "lib/json/text.h"
#include "proxy_worker/pipeline/chat_run.h"
#include "proxy_worker/pipeline/chat_scratch.h"
#include "proxy_worker/pipeline/client_address.h"
#include "proxy_worker/providers/adapter_plan.h"

namespace aisix::proxy {
namespace {

// `name` as a JSON string. Names are plain nearly always; only then no heap is needed.
template <typename Text>
void Quote(std::string_view name, Text& out) {
  out.Clear();
  for (const char c : name) {
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F) {  // also every byte of a non-ASCII character
      std::string quoted;
      json::AppendString(quoted, name);
      out.Append(quoted);
      return;
    }
  }
  out.Append("\"");
  out.Append(name);
  out.Append("\"");
}

}  // namespace

ChatRun::ChatRun(LoopContext& loop, RequestContext& context) : loop_(loop), context_(context) {}

std::optional<Error> ChatRun::Prepare(std::string_view body) {
  if (auto error = ReadEnvelope(body)) return error;
  if (auto error = Admit()) return error;
  // Input guardrails and budgets have their place here; limits and the cache follow the choice of the target.
  if (auto error = ChooseUpstream()) return error;
  return Encode(body);
}

std::optional<Error> ChatRun::ReadEnvelope(std::string_view body) {
  if (!openai_chat::ReadRequest(loop_.chat_scratch.reader, body, request_)) return InvalidJson();
  context_.requested_model.Clear();
  request_.AppendModel(body, context_.requested_model);
  context_.stream = request_.stream;
  if (!request_.has_messages) return InvalidRequest("messages array must not be empty");
  caller_model_ = request_.model.span.of(body);
  return std::nullopt;
}

std::optional<Error> ChatRun::Admit() {
  const std::string_view name = context_.requested_model;
  context_.match = context_.snapshot.FindModel(name);
  if (!context_.match) return ModelNotFound(name);
  if (!context_.caller->allows_model(name)) return ModelNotAllowed(name);
  if (!ModelAllowsClient(loop_, context_, *context_.match.model)) return ClientAddressNotAllowed();
  return std::nullopt;
}

std::optional<Error> ChatRun::ChooseUpstream() {
  const Model& model = *context_.match.model;
  const model::Model& document = *model.document;
  if (model.kind != model::ModelKind::kDirect) {
    Error error = NotBuilt(fmt::format("{} models", model::ModelKindName(model.kind)));
    return error;
  }
  if (document.provider_key_id.empty()) {
    return InvalidRequest(
        fmt::format("model \"{}\" has no provider_key_id (routing models can't be dispatched directly)",
                    document.display_name));
  }
  if (model.provider_key == nullptr) {
    return InvalidRequest(fmt::format("model \"{}\" references unknown provider_key_id \"{}\"",
                                      document.display_name, document.provider_key_id));
  }
  const auto* const plan = static_cast<const AdapterPlan*>(model.provider_key->plan.get());
  if (plan == nullptr || plan->adapter() == model::Adapter::kNone) return NoAdapter();
  if (plan->adapter() != model::Adapter::kOpenAi) {
    return NotBuilt(fmt::format("the {} adapter", WireFamilyName(plan->adapter())));
  }
  plan_ = static_cast<const OpenAiPlan*>(plan);
  context_.target = &model;
  context_.match.AppendUpstreamName(context_.upstream_model);
  if (context_.upstream_model.empty()) return InvalidUpstreamConfiguration("model.model_name missing");
  if (plan_->refusal()) return *plan_->refusal();
  budget_ = BudgetOf(document, loop_.config.upstream);
  retry_ = RetryPolicy::Of(document, loop_.config.upstream);
  return std::nullopt;
}

std::optional<Error> ChatRun::Encode(std::string_view body) {
  Quote(context_.upstream_model.view(), upstream_model_);
  if (plan_->overrides().empty()) {
    json::Splice splice;
    openai_chat::EditRequest(request_, upstream_model_, splice);
    splice.AppendTo(body_, body);
  } else {
    const bool add_options = request_.stream && !request_.has_stream_options;
    if (!openai_chat::ApplyOverrides(loop_.chat_scratch.reader, body, upstream_model_, add_options,
                                     plan_->overrides(), overridden_body_)) {
      return InvalidJson();
    }
    body_.push_back(overridden_body_);
    context_.exchange.ReleaseBody();
  }
  const HeaderPolicy& headers = plan_->chat_headers(request_.stream);
  if (!headers.is_static()) {
    TemplateValues values;
    values.request_id = context_.request_id;
    values.caller = context_.caller;
    values.model = context_.target;
    headers.AppendLines(values, context_.exchange.request().headers, header_lines_);
  }
  return std::nullopt;
}

}  // namespace aisix::proxy
