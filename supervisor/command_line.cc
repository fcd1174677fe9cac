#include "supervisor/command_line.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace aisix::supervisor {
namespace {

constexpr int kUsageError = 2;
constexpr int kNoContainerConfig = 64;

CommandLine Exit(int code, std::string output, std::string error) {
  CommandLine line;
  line.exit_code = code;
  line.output = std::move(output);
  line.error = std::move(error);
  return line;
}

CommandLine UsageError(const std::string& text, const std::string& usage) {
  return Exit(kUsageError, "",
              fmt::format("error: {}\n\nUsage: {}\n\nFor more information, try '--help'.\n", text, usage));
}

bool IsRegularFile(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// What was written on the command line.
struct Options {
  std::string config;
  bool version = false;
  std::string resources;
  std::vector<std::string> etcd;
  std::string prefix = "/aisix";
  bool reveal_secrets = false;
  std::string output;
  std::string help_topic;
};

struct Parser {
  Options options;
  CLI::App app{"AI gateway: one process per trust zone", "aisix"};
  CLI::App* validate = nullptr;
  CLI::App* export_ = nullptr;
  CLI::App* help = nullptr;

  Parser() {
    app.add_option("-c,--config", options.config, "Start-up configuration file [env: AISIX_CONFIG]")
        ->type_name("<FILE>");
    app.add_flag("-V,--version", options.version, "Print the version");
    app.require_subcommand(0, 1);

    validate = app.add_subcommand("validate", "Check a resources file as the gateway would");
    validate->add_option("--resources", options.resources, "Resources file")->type_name("<FILE>");

    export_ = app.add_subcommand("export", "Write the resources of an etcd as a resources file");
    export_->add_option("--etcd", options.etcd, "Endpoints of the etcd")
        ->type_name("<URL>[,<URL>...]")
        ->delimiter(',');
    export_->add_option("--prefix", options.prefix, "Prefix of the keys")
        ->type_name("<P>")
        ->capture_default_str();
    export_->add_flag("--reveal-secrets", options.reveal_secrets, "Write secrets instead of references");
    export_->add_option("-o,--output", options.output, "File to write (default: standard output)")
        ->type_name("<FILE>");

    help = app.add_subcommand("help", "Print the help of a subcommand");
    help->add_option("subcommand", options.help_topic)->type_name("<SUBCOMMAND>");
  }

  CLI::App* Find(const std::string& name) {
    for (CLI::App* subcommand : {validate, export_, help}) {
      if (subcommand->get_name() == name) return subcommand;
    }
    return nullptr;
  }

  std::string Usage() const {
    if (validate->parsed()) return "aisix validate --resources <FILE>";
    if (export_->parsed()) {
      return "aisix export --etcd <URL>[,<URL>...] [--prefix <P>] [--reveal-secrets] [-o <FILE>]";
    }
    return "aisix --config <FILE>";
  }
};

CommandLine Help(Parser& parser) {
  const std::string& topic = parser.options.help_topic;
  if (topic.empty()) return Exit(0, Parser().app.help(), "");  // a fresh one: it would explain `help`
  CLI::App* subcommand = parser.Find(topic);
  if (subcommand == nullptr) {
    return UsageError(fmt::format("unrecognized subcommand '{}'", topic), "aisix help [<SUBCOMMAND>]");
  }
  return Exit(0, subcommand->help("aisix"), "");
}

CommandLine Missing(const std::string& option, const Parser& parser) {
  return UsageError(fmt::format("the following required arguments were not provided:\n  {}", option),
                    parser.Usage());
}

CommandLine AdminWorker(std::vector<std::string> arguments) {
  CommandLine line;
  line.action = CommandLine::Action::kAdminWorker;
  line.arguments = std::move(arguments);
  return line;
}

CommandLine Export(const Options& options) {
  std::vector<std::string> arguments{"export"};
  for (const std::string& endpoint : options.etcd) {
    arguments.insert(arguments.end(), {"--etcd", endpoint});
  }
  arguments.insert(arguments.end(), {"--prefix", options.prefix});
  if (options.reveal_secrets) arguments.emplace_back("--reveal-secrets");
  if (!options.output.empty()) arguments.insert(arguments.end(), {"--output", options.output});
  return AdminWorker(std::move(arguments));
}

CommandLine Run(const Parser& parser, const GetVariable& variable) {
  CommandLine line;
  line.action = CommandLine::Action::kRun;
  line.config_path = parser.options.config;
  if (!line.config_path.empty()) return line;
  if (const char* path = variable("AISIX_CONFIG"); path != nullptr && *path != '\0') {
    line.config_path = path;
    return line;
  }
  const char* path = variable("AISIX_CONFIG_PATH");
  if (path == nullptr || *path == '\0') return Missing("--config <FILE>", parser);
  if (!IsRegularFile(path)) {
    return Exit(kNoContainerConfig, "",
                fmt::format("aisix-entrypoint: config file not found at {}\n"
                            "aisix-entrypoint: mount a start-up configuration there, or\n"
                            "aisix-entrypoint: set AISIX_CONFIG_PATH to where it is\n",
                            path));
  }
  line.config_path = path;
  return line;
}

}  // namespace

CommandLine ParseCommandLine(std::vector<std::string> arguments, const GetVariable& variable) {
  Parser parser;
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    parser.app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> subcommands = parser.app.get_subcommands();
    return Exit(0, subcommands.empty() ? parser.app.help() : subcommands.front()->help("aisix"), "");
  } catch (const CLI::ParseError& error) {
    return UsageError(error.what(), parser.Usage());
  }
  const Options& options = parser.options;
  if (options.version) return Exit(0, "aisix " AISIX_VERSION "\n", "");
  if (parser.help->parsed()) return Help(parser);
  if (parser.validate->parsed()) {
    if (options.resources.empty()) return Missing("--resources <FILE>", parser);
    return AdminWorker({"validate", options.resources});
  }
  if (parser.export_->parsed()) {
    if (options.etcd.empty()) return Missing("--etcd <URL>", parser);
    return Export(options);
  }
  return Run(parser, variable);
}

}  // namespace aisix::supervisor
