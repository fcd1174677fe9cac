#include "admin_worker/source/file/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <set>
#include <sstream>

namespace aisix::admin::file {
namespace {

constexpr char kStringTag[] = "tag:yaml.org,2002:str";

// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override { root_.reset(); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(mark, anchor, std::make_shared<YamlNode>());
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto node = anchors_.find(anchor);
    // Inside of its own anchor a node is not complete: such a tree would have no end.
    if (node == anchors_.end() || open_anchors_.count(anchor) > 0)
      throw YAML::ParserException(mark, "an alias must not refer to a node that contains it");
    Place(mark, node->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = std::make_shared<YamlNode>();
    node->type = YamlNode::Type::kScalar;
    node->scalar = value;
    node->quoted = tag == "!" || tag == kStringTag;
    Add(mark, anchor, std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Type::kSequence);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, YamlNode::Type::kMapping);
  }
  void OnMapEnd() override { Close(); }

  YamlNodePtr TakeRoot() {
    anchors_.clear();
    return std::exchange(root_, nullptr);
  }

 private:
  struct Level {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlNodePtr key;  // of a mapping: waits for its value
    std::set<std::string> keys;
  };

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Type type) {
    auto node = std::make_shared<YamlNode>();
    node->type = type;
    Add(mark, anchor, node);
    if (anchor != 0) open_anchors_.insert(anchor);
    levels_.push_back({std::move(node), anchor, nullptr, {}});
  }

  void Close() {
    open_anchors_.erase(levels_.back().anchor);
    levels_.pop_back();
  }

  void Add(const YAML::Mark& mark, YAML::anchor_t anchor, std::shared_ptr<YamlNode> node) {
    if (anchor != 0) anchors_[anchor] = node;
    Place(mark, std::move(node));
  }

  void Place(const YAML::Mark& mark, YamlNodePtr node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node->type == YamlNode::Type::kSequence) {
      level.node->items.push_back(std::move(node));
    } else if (level.key == nullptr) {
      if (node->type == YamlNode::Type::kScalar && !level.keys.insert(node->scalar).second)
        throw YAML::ParserException(mark, fmt::format("duplicate key \"{}\"", node->scalar));
      level.key = std::move(node);
    } else {
      level.node->members.emplace_back(std::exchange(level.key, nullptr), std::move(node));
    }
  }

  YamlNodePtr root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlNodePtr> anchors_;
  std::set<YAML::anchor_t> open_anchors_;
};

}  // namespace

absl::StatusOr<std::vector<YamlNodePtr>> ParseYaml(std::string_view text) {
  std::vector<YamlNodePtr> documents;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) documents.push_back(builder.TakeRoot());
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        fmt::format("{} at line {} column {}", error.msg, error.mark.line + 1, error.mark.column + 1));
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return documents;
}

}  // namespace aisix::admin::file
