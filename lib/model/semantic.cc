#include "lib/model/semantic.h"

#include "lib/model/decode/blocks.h"

namespace aisix::model {

using decode::ObjectReader;

void ReadMembers(ObjectReader& reader, SemanticMatch& match) {
  reader.Need("threshold", match.threshold);
  reader.Get("distance_metric", match.distance_metric);
  reader.Get("aggregation", match.aggregation);
}

void ReadMembers(ObjectReader& reader, SemanticRoute& route) {
  reader.Need("name", route.name);
  reader.Need("target", route.target);
  reader.Need("examples", route.examples);
  reader.Get("description", route.description);
  reader.Get("threshold", route.threshold);
}

namespace {

struct FailureTarget {
  std::string target;
};

void ReadMembers(ObjectReader& reader, FailureTarget& target) {
  reader.Need("target", target.target);
}

// "default", "fail" or an object with a target.
void ReadOnEmbeddingFailure(ObjectReader& reader, Semantic& semantic) {
  const nlohmann::json* value = reader.Find("on_embedding_failure");
  if (value == nullptr) return;
  if (value->is_object()) {
    FailureTarget target;
    reader.Get("on_embedding_failure", target);
    semantic.on_embedding_failure = OnEmbeddingFailure::kTarget;
    semantic.failure_target = std::move(target.target);
  } else if (*value == "default" || *value == "fail") {
    semantic.on_embedding_failure =
        *value == "fail" ? OnEmbeddingFailure::kFail : OnEmbeddingFailure::kDefault;
  } else {
    reader.Fail("on_embedding_failure", "unknown variant");
  }
}

}  // namespace

void ReadMembers(ObjectReader& reader, Semantic& semantic) {
  reader.Need("embedding_model", semantic.embedding_model);
  reader.Need("default", semantic.default_target);
  reader.Need("match", semantic.match);
  reader.Need("routes", semantic.routes);
  reader.Get("embedding_timeout_ms", semantic.embedding_timeout_ms);
  ReadOnEmbeddingFailure(reader, semantic);
}

}  // namespace aisix::model
